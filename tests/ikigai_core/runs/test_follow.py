"""A run is followed to its own end, whatever the platform's states look like on the way."""

from __future__ import annotations

from typing import Any

import pytest

from ikigai_core.enums import FlowStatus
from ikigai_core.errors import Authentication, ConnectionFailed, RunLost, RunTimeout
from ikigai_core.runs.follow import OUTAGE, START_GRACE, follow
from ikigai_core.runs.state import RunState

BEFORE = (0.0, "before", "SUCCESS")


def test_a_run_that_is_over_before_the_first_look_is_found(flow: Any, started: RunState) -> None:
    flow.logs = [BEFORE, (0.0, "mine", "SUCCESS")]
    assert flow.run(follow(started)).log_id == "mine"
    assert flow.now == 0.0


def test_idle_right_after_the_start_is_not_the_end(flow: Any, started: RunState) -> None:
    flow.states = [(0.0, "IDLE"), (5.0, "RUNNING 10"), (9.0, "IDLE")]
    flow.logs = [BEFORE, (9.0, "mine", "SUCCESS")]
    assert flow.run(follow(started)).log_id == "mine"


@pytest.mark.parametrize("interruption", ["SCHEDULED", "UNKNOWN", "STOPPING"])
def test_other_states_in_mid_run_are_not_the_end(flow: Any, started: RunState, interruption: str) -> None:
    flow.states = [(0.0, "SCHEDULED"), (2.0, "RUNNING 40"), (4.0, interruption), (6.0, "RUNNING 10"), (9.0, "IDLE")]
    flow.logs = [BEFORE, (9.0, "mine", "FAILED")]
    log = flow.run(follow(started))
    assert (log.log_id, log.status) == ("mine", FlowStatus.FAILED)
    assert flow.now >= 9.0


def test_a_log_that_lags_behind_the_status_is_waited_for(flow: Any, started: RunState) -> None:
    flow.states = [(0.0, "RUNNING 50"), (3.0, "IDLE")]
    flow.logs = [BEFORE, (20.0, "mine", "SUCCESS")]
    assert flow.run(follow(started)).log_id == "mine"


def test_the_first_log_after_the_baseline_is_the_runs_own(flow: Any, started: RunState) -> None:
    flow.logs = [BEFORE, (0.0, "mine", "SUCCESS"), *((0.0, f"later-{n}", "FAILED") for n in range(30))]
    assert flow.run(follow(started)).log_id == "mine"


def test_a_run_without_any_log_before_it_is_told_from_later_ones(flow: Any) -> None:
    run = RunState("app", "flow", "Forecast", None, phase="started")
    flow.logs = [(0.0, f"entry-{n}", "SUCCESS") for n in range(30)]
    assert flow.run(follow(run)).log_id == "entry-0"


def test_a_run_that_ended_is_noticed_while_the_next_one_is_on(flow: Any, started: RunState) -> None:
    flow.states = [(0.0, "RUNNING 80"), (3.0, "RUNNING 5")]
    flow.logs = [BEFORE, (3.0, "mine", "SUCCESS")]
    assert flow.run(follow(started)).log_id == "mine"


def test_minutes_without_the_platform_do_not_end_the_wait(flow: Any, started: RunState) -> None:
    flow.states = [(0.0, "RUNNING 50"), (10.0, ConnectionFailed("away")), (280.0, "IDLE")]
    flow.logs = [BEFORE, (100.0, "mine", "SUCCESS")]
    assert flow.run(follow(started)).log_id == "mine"


def test_a_platform_that_stays_away_ends_the_wait_with_its_error(flow: Any, started: RunState) -> None:
    flow.states = [(0.0, "RUNNING 50"), (10.0, ConnectionFailed("away"))]
    with pytest.raises(ConnectionFailed):
        flow.run(follow(started))
    assert OUTAGE < flow.now < OUTAGE + 60


def test_an_error_that_waiting_cannot_mend_ends_the_wait_at_once(flow: Any, started: RunState) -> None:
    flow.states = [(0.0, Authentication("no", status=403, method="GET", path="/"))]
    with pytest.raises(Authentication):
        flow.run(follow(started))
    assert flow.now == 0.0


def test_a_deadline_is_kept_and_says_that_the_run_goes_on(flow: Any, started: RunState) -> None:
    flow.states = [(0.0, "RUNNING 5")]
    with pytest.raises(RunTimeout, match="goes on"):
        flow.run(follow(started, timeout=30.0))
    assert 30.0 <= flow.now < 31.0


def test_a_run_of_which_nothing_is_ever_seen_is_reported_lost(flow: Any, started: RunState) -> None:
    flow.logs = [BEFORE]
    with pytest.raises(RunLost):
        flow.run(follow(started))
    assert flow.now >= START_GRACE


def test_a_log_that_was_cleared_is_not_mistaken_for_the_runs(flow: Any, started: RunState) -> None:
    flow.logs = [(0.0, "somebody's", "SUCCESS")]
    with pytest.raises(RunLost, match="no longer holds"):
        flow.run(follow(started))


def test_changes_are_told_once_each(flow: Any, started: RunState) -> None:
    flow.states = [(0.0, "SCHEDULED"), (3.0, "RUNNING 0"), (6.0, "RUNNING 50"), (20.0, "IDLE")]
    flow.logs = [BEFORE, (20.0, "mine", "SUCCESS")]
    told: list[tuple[str, int | None]] = []
    flow.run(follow(started, on_update=lambda report: told.append((report.status.value, report.progress))))
    assert told == [("SCHEDULED", None), ("RUNNING", 0), ("RUNNING", 50), ("IDLE", None)]


def test_the_end_is_noticed_within_a_fraction_of_the_runs_duration(flow: Any, started: RunState) -> None:
    flow.states = [(0.0, "RUNNING 1"), (300.0, "IDLE")]
    flow.logs = [BEFORE, (300.0, "mine", "SUCCESS")]
    flow.run(follow(started))
    assert flow.now < 300.0 * 1.06
    assert len(flow.sent) < 160
