"""A run is followed to its own end, whatever the platform's states look like on the way."""

from __future__ import annotations

from typing import Any

import pytest

from ikigai_core.enums import FlowStatus
from ikigai_core.errors import (
    AccessRefusedError,
    ConnectionFailedError,
    InvalidInputError,
    PlatformAwayError,
    RateLimitedError,
    RunLostError,
    RunTimeoutError,
    UnexpectedAnswerError,
)
from ikigai_core.runs.follow import START_GRACE, Ended, follow
from ikigai_core.runs.following import Following
from ikigai_core.runs.outages import OUTAGE
from ikigai_core.runs.state import RunState

BEFORE = (0.0, "before", "SUCCESS")


def ending(flow: Any, run: RunState, **how: Any) -> Ended:
    ended: Ended = flow.run(follow(run, Following(**how)))
    return ended


def test_a_run_that_is_over_before_the_first_look_is_found(flow: Any, started: RunState) -> None:
    flow.logs = [BEFORE, (0.0, "mine", "SUCCESS")]
    assert ending(flow, started).log.log_id == "mine"
    assert flow.now == 0.0


def test_idle_right_after_the_start_is_not_the_end(flow: Any, started: RunState) -> None:
    flow.states = [(0.0, "IDLE"), (5.0, "RUNNING 10"), (9.0, "IDLE")]
    flow.logs = [BEFORE, (9.0, "mine", "SUCCESS")]
    assert ending(flow, started).log.log_id == "mine"


@pytest.mark.parametrize("interruption", ["SCHEDULED", "UNKNOWN", "STOPPING"])
def test_other_states_in_mid_run_are_not_the_end(flow: Any, started: RunState, interruption: str) -> None:
    flow.states = [(0.0, "SCHEDULED"), (2.0, "RUNNING 40"), (4.0, interruption), (6.0, "RUNNING 10"), (9.0, "IDLE")]
    flow.logs = [BEFORE, (9.0, "mine", "FAILED")]
    log = ending(flow, started).log
    assert (log.log_id, log.status) == ("mine", FlowStatus.FAILED)
    assert flow.now >= 9.0


def test_a_log_that_lags_behind_the_status_is_waited_for(flow: Any, started: RunState) -> None:
    flow.states = [(0.0, "RUNNING 50"), (3.0, "IDLE")]
    flow.logs = [BEFORE, (20.0, "mine", "SUCCESS")]
    assert ending(flow, started).log.log_id == "mine"


def test_the_first_log_after_the_baseline_is_the_runs_own(flow: Any, started: RunState) -> None:
    flow.logs = [BEFORE, (0.0, "mine", "SUCCESS"), *((0.0, f"later-{n}", "FAILED") for n in range(30))]
    assert ending(flow, started).log.log_id == "mine"


def test_a_run_without_any_log_before_it_is_told_from_later_ones(flow: Any) -> None:
    run = RunState("app", "flow", "Forecast", None, phase="started")
    flow.logs = [(0.0, f"entry-{n}", "SUCCESS") for n in range(30)]
    assert ending(flow, run).log.log_id == "entry-0"


def test_a_run_that_ended_is_noticed_while_the_next_one_is_on(flow: Any, started: RunState) -> None:
    flow.states = [(0.0, "RUNNING 80"), (3.0, "RUNNING 5")]
    flow.logs = [BEFORE, (3.0, "mine", "SUCCESS")]
    assert ending(flow, started).log.log_id == "mine"


def test_minutes_without_the_platform_do_not_end_the_wait(flow: Any, started: RunState) -> None:
    flow.states = [(0.0, "RUNNING 50"), (10.0, ConnectionFailedError("away")), (280.0, "IDLE")]
    flow.logs = [BEFORE, (100.0, "mine", "SUCCESS")]
    assert ending(flow, started).log.log_id == "mine"


def test_a_platform_that_stays_away_ends_the_wait_with_all_that_is_known(flow: Any, started: RunState) -> None:
    flow.states = [(0.0, "RUNNING 50"), (10.0, ConnectionFailedError("Cannot reach it"))]
    with pytest.raises(
        PlatformAwayError, match=r"Cannot reach it.*'Forecast' was last seen RUNNING 50 %.*min"
    ) as caught:
        ending(flow, started)
    assert OUTAGE < flow.now < OUTAGE + 60
    assert caught.value.transient
    assert caught.value.last_report is not None


def test_how_long_the_platform_may_be_away_is_the_callers_choice(flow: Any, started: RunState) -> None:
    flow.states = [(0.0, "RUNNING 50"), (10.0, ConnectionFailedError("away"))]
    with pytest.raises(PlatformAwayError, match=r"for 2\d\S* s"):
        ending(flow, started, outage=20.0)
    assert flow.now < 40


def test_a_web_page_instead_of_an_answer_is_an_outage_of_a_platform_that_has_answered(
    flow: Any, started: RunState
) -> None:
    flow.states = [(0.0, "RUNNING 50"), (10.0, UnexpectedAnswerError("a page")), (60.0, "IDLE")]
    flow.logs = [BEFORE, (60.0, "mine", "SUCCESS")]
    assert ending(flow, started).log.log_id == "mine"
    flow.states, flow.now = [(0.0, UnexpectedAnswerError("a page"))], 0.0
    with pytest.raises(UnexpectedAnswerError):
        ending(flow, started)


def test_a_platform_that_asks_to_be_left_alone_is(flow: Any, started: RunState) -> None:
    busy = RateLimitedError("later", status=429, method="GET", path="/", retry_after=50.0)
    flow.states = [(0.0, busy), (40.0, "IDLE")]
    flow.logs = [BEFORE, (0.0, "mine", "SUCCESS")]
    ending(flow, started)
    assert (flow.now, len(flow.sent)) == (50.0, 3)


def test_an_error_that_waiting_cannot_mend_ends_the_wait_at_once(flow: Any, started: RunState) -> None:
    flow.states = [(0.0, AccessRefusedError("no", status=403, method="GET", path="/"))]
    with pytest.raises(AccessRefusedError):
        ending(flow, started)
    assert flow.now == 0.0


def test_a_deadline_is_kept_and_says_that_the_run_goes_on(flow: Any, started: RunState) -> None:
    flow.states = [(0.0, "RUNNING 5")]
    with pytest.raises(
        RunTimeoutError, match=r"within 30 s: it was last seen RUNNING 5 %\. The run continues"
    ) as caught:
        ending(flow, started, timeout=30.0)
    assert 30.0 <= flow.now < 30.1
    assert caught.value.last_report is not None


def test_a_deadline_during_an_outage_says_so(flow: Any, started: RunState) -> None:
    flow.states = [(0.0, "RUNNING 5"), (20.0, ConnectionFailedError("away"))]
    with pytest.raises(
        RunTimeoutError, match=r"within 1 min 30 s: it was last seen RUNNING 5 %.*not answered for 1 min"
    ):
        ending(flow, started, timeout=90.0)


@pytest.mark.parametrize("wrong", [{"timeout": -1.0}, {"poll": 0.0}, {"outage": -5.0}])
def test_unusable_durations_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(InvalidInputError, match=next(iter(wrong))):
        Following(**wrong)  # type: ignore[arg-type]


def test_a_run_of_which_nothing_is_ever_seen_is_reported_lost(flow: Any, started: RunState) -> None:
    flow.logs = [BEFORE]
    with pytest.raises(RunLostError):
        ending(flow, started)
    assert flow.now >= START_GRACE


def test_time_without_the_platform_is_no_time_in_which_the_flow_was_idle(flow: Any, started: RunState) -> None:
    flow.states = [(0.0, "IDLE"), (3.0, ConnectionFailedError("away")), (80.0, "IDLE")]
    flow.logs = [BEFORE, (85.0, "mine", "SUCCESS")]
    assert ending(flow, started).log.log_id == "mine"


def test_a_log_that_was_cleared_is_not_mistaken_for_the_runs(flow: Any, started: RunState) -> None:
    flow.logs = [(0.0, "somebody's", "SUCCESS")]
    with pytest.raises(RunLostError, match="no longer contains"):
        ending(flow, started)


def test_changes_are_told_once_each(flow: Any, started: RunState) -> None:
    flow.states = [(0.0, "SCHEDULED"), (3.0, "RUNNING 0"), (6.0, "RUNNING 50"), (20.0, "IDLE")]
    flow.logs = [BEFORE, (20.0, "mine", "SUCCESS")]
    assert told(flow, started) == ["SCHEDULED None", "RUNNING 0", "RUNNING 50", "IDLE 100"]


def test_progress_never_goes_backwards_and_idleness_is_told_at_the_end_only(flow: Any, started: RunState) -> None:
    states = ["IDLE", "SCHEDULED 0", "RUNNING 40", "SCHEDULED 0", "RUNNING 10", "UNKNOWN", "RUNNING 70", "IDLE"]
    flow.states = [(3.0 * n, state) for n, state in enumerate(states)]
    flow.logs = [BEFORE, (30.0, "mine", "FAILED")]
    expected = ["SCHEDULED None", "RUNNING 40", "SCHEDULED 40", "RUNNING 40", "UNKNOWN 40", "RUNNING 70", "IDLE 70"]
    assert told(flow, started) == expected


def told(flow: Any, run: RunState) -> list[str]:
    reports: list[str] = []
    ending(flow, run, on_update=lambda report: reports.append(f"{report.status.value} {report.progress}"))
    return reports


def test_what_is_told_may_fail_without_passing_for_an_outage(flow: Any, started: RunState) -> None:
    def fail(report: Any) -> None:
        raise ConnectionFailedError("the caller's own")

    flow.states = [(0.0, "RUNNING 1")]
    with pytest.raises(ConnectionFailedError, match="own"):
        ending(flow, started, on_update=fail)
    assert flow.now == 0.0


@pytest.mark.parametrize("duration", [0.3, 2.0, 9.0, 30.0, 120.0, 600.0])
def test_the_end_is_noticed_in_time_with_few_requests(flow: Any, started: RunState, duration: float) -> None:
    flow.states = [(0.0, "RUNNING 1"), (duration, "IDLE")]
    flow.logs = [BEFORE, (duration, "mine", "SUCCESS")]
    ending(flow, started)
    assert flow.now - duration <= max(0.5, 0.05 * duration)
    assert len(flow.sent) <= 115  # and the start takes four


def test_a_fixed_interval_is_kept(flow: Any, started: RunState) -> None:
    flow.states = [(0.0, "RUNNING 1"), (95.0, "IDLE")]
    flow.logs = [BEFORE, (95.0, "mine", "SUCCESS")]
    ending(flow, started, poll=10.0)
    assert (flow.now, len(flow.sent)) == (100.0, 11 + 1)


def test_the_end_is_noticed_while_a_like_run_follows_at_once(flow: Any, started: RunState) -> None:
    flow.states = [(0.0, "RUNNING 0")]
    flow.logs = [BEFORE, (100.0, "mine", "SUCCESS")]
    assert ending(flow, started).log.log_id == "mine"
    assert flow.now < 125.0
