"""The end of a run is noticed soon if its progress or earlier runs tell when it is near, and looks are not wasted."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from pathlib import Path
from statistics import median, quantiles
from typing import Any

import pytest

from ikigai_core.runs import history, polling
from ikigai_core.runs.follow import follow
from ikigai_core.runs.following import Following
from ikigai_core.runs.history import KEPT, LIFETIME, note_duration, usual_durations
from ikigai_core.runs.state import RunState

BEFORE = (0.0, "before", "SUCCESS")
DURATIONS = (12.0, 60.0, 600.0)
SHAPES: dict[str, Callable[[float], int]] = {
    "steady progress": lambda share: int(100 * share),
    "none": lambda share: 0,
    "jumps at the end": lambda share: int(50 * share),
    "stands still near its end": lambda share: min(int(300 * share), 90),
}


def delay(flow: Any, seconds: float, shape: str, *, status: str = "SUCCESS") -> float:
    """Follow a run on the simulated clock. Returns the seconds after which its end was noticed."""
    flow.now, flow.sent, polling.BUDGET = 0.0, [], polling.RateLimiter()
    progress = SHAPES[shape]
    flow.states = [(seconds * n / 50, f"RUNNING {progress(n / 50)}") for n in range(50)] + [(seconds, "IDLE")]
    flow.logs = [BEFORE, (seconds, "mine", status)]
    run = RunState("app", "flow", "Forecast", "before", phase="started", started_at=time.time())
    flow.run(follow(run, Following()))
    return float(flow.now - seconds)


def delays(flow: Any, shape: str, usual: Callable[[float], float]) -> list[float]:
    """Delays as fractions of what is allowed at the median (1 s, or 1 % of the age), over many durations."""
    found = []
    for number in range(45):
        seconds = DURATIONS[number % len(DURATIONS)] * random.uniform(0.9, 1.1)
        for path in (history.user_cache_path("ikigai") / "durations").glob("*"):
            path.unlink()
        if usual(seconds):
            note_duration("app", "flow", usual(seconds))
        found.append(delay(flow, seconds, shape) / max(1.0, seconds / 100))
    return found


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("ratio", [0.5, 1.0, 1.15], ids=lambda ratio: f"usually {ratio} of it")
def test_the_end_of_a_flow_that_has_run_before_is_noticed_within_a_hundredth(
    flow: Any, shape: str, ratio: float
) -> None:
    found = delays(flow, shape, lambda seconds: ratio * seconds)
    assert median(found) <= 1
    assert quantiles(found, n=20)[-1] <= 3


def test_steady_progress_is_enough_to_notice_the_first_runs_end_within_a_hundredth(flow: Any) -> None:
    found = delays(flow, "steady progress", lambda seconds: 0.0)
    assert median(found) <= 1
    assert quantiles(found, n=20)[-1] <= 3


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("ratio", [0.0, 0.1, 0.25, 0.5, 1.0, 4.0])
def test_ten_minutes_cost_at_most_120_requests_and_a_twentieth_of_their_time(
    flow: Any, shape: str, ratio: float
) -> None:
    if ratio:
        note_duration("app", "flow", 600 * ratio)
    assert delay(flow, 600.0, shape) <= 30
    assert len(flow.sent) <= 116, "four more look the flow up and start it"


def test_each_successful_run_is_learned_from_and_a_failed_one_is_not(flow: Any) -> None:
    for seconds in (100.0, 110.0, 120.0, 130.0, 140.0, 150.0):
        delay(flow, seconds, "none")
    delay(flow, 50.0, "none", status="FAILED")
    learned = usual_durations("app", "flow")
    assert len(learned) == KEPT
    assert learned == [pytest.approx(seconds, rel=0.06) for seconds in (110, 120, 130, 140, 150)]


def test_a_flow_that_has_become_quick_is_looked_at_often_again(flow: Any) -> None:
    note_duration("app", "flow", 600.0)
    for _ in range(KEPT):
        delay(flow, 6.0, "none")
    assert max(usual_durations("app", "flow")) < 10
    assert delay(flow, 6.0, "none") < 0.5


def test_a_run_whose_end_nobody_saw_is_not_learned_from(flow: Any) -> None:
    flow.states, flow.logs = [(0.0, "IDLE")], [BEFORE, (0.0, "mine", "SUCCESS")]
    run = RunState("app", "flow", "Forecast", "before", phase="started", started_at=time.time() - 5000)
    flow.run(follow(run))
    assert not usual_durations("app", "flow")


def test_a_run_that_is_taken_up_later_is_as_old_as_its_start_says(flow: Any) -> None:
    flow.states, flow.logs = [(0.0, "RUNNING"), (3.0, "IDLE")], [BEFORE, (3.0, "mine", "SUCCESS")]
    run = RunState("app", "flow", "Forecast", "before", phase="started", started_at=time.time() - 400)
    flow.run(follow(run))
    assert flow.now > 10, "a look at a run of 400 s is due after some 20 s"


@pytest.mark.parametrize("content", [b"", b"{}", b"[NaN, -3, 7]", b'["x"]', b"[[1]]", b"\xff", b"1"])
def test_a_damaged_file_says_nothing_and_is_replaced(content: bytes) -> None:
    note_duration("app", "flow", 5.0)
    (path,) = (history.user_cache_path("ikigai") / "durations").iterdir()
    path.write_bytes(content)
    assert list(usual_durations("app", "flow")) in ([], [7.0])
    note_duration("app", "flow", 9.0)
    assert usual_durations("app", "flow")[-1] == 9.0


def test_a_folder_that_cannot_be_written_changes_nothing(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setattr(history, "user_cache_path", lambda *args, **kwargs: blocked)
    note_duration("app", "flow", 5.0)
    assert not usual_durations("app", "flow")


def test_flows_that_are_not_run_any_more_are_forgotten() -> None:
    note_duration("app", "old", 5.0)
    (path,) = (history.user_cache_path("ikigai") / "durations").iterdir()
    os.utime(path, (0, time.time() - LIFETIME - 1))
    history._delete_old.cache_clear()
    note_duration("app", "new", 5.0)
    assert not usual_durations("app", "old")
    assert usual_durations("app", "new") == [5.0]
