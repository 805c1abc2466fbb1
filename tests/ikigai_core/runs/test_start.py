"""A flow is started once, whatever gets lost on the way, and an earlier try's run is picked up."""

from __future__ import annotations

from typing import Any

import pytest

from ikigai_core.errors import (
    AnswerLost,
    BadRequest,
    Conflict,
    ConnectionFailed,
    FlowBusy,
    InvalidInput,
    RateLimited,
    ServerError,
    StartUnknown,
)
from ikigai_core.runs.start import LOOK_FOR, Launch, OnBusy, launch
from ikigai_core.runs.state import RunState

BEFORE = (0.0, "before", "SUCCESS")
RUN = RunState("app", "flow", "Forecast", None, {"month": "2026-10"})


def runs_for(seconds: float) -> Any:
    """A start that makes the flow run for so long from now on."""

    def start(flow: Any) -> None:
        flow.states += [(flow.now, "RUNNING 0"), (flow.now + seconds, "IDLE")]
        flow.logs += [(flow.now + seconds, f"run-{flow.starts()}", "SUCCESS")]

    return start


def loses_answer(then: Any = None, error: Exception | None = None) -> Any:
    def start(flow: Any) -> None:
        if then is not None:
            then(flow)
        raise error or AnswerLost("lost")

    return start


def test_the_baseline_is_kept_before_the_start_is_sent(flow: Any) -> None:
    flow.logs, flow.on_start = [BEFORE], runs_for(5)
    kept: list[tuple[str, str | None, int]] = []
    run = flow.run(launch(Launch(RUN, keep=lambda data: kept.append((data["phase"], data["baseline"], flow.starts())))))
    assert kept == [("prepared", "before", 0), ("started", "before", 1)]
    assert (run.baseline, run.phase, run.attached) == ("before", "started", False)


@pytest.mark.parametrize("error", [AnswerLost("lost"), ServerError("oops", status=502, method="POST", path="/")])
def test_a_lost_answer_is_looked_into_and_never_answered_by_a_second_start(flow: Any, error: Exception) -> None:
    flow.logs, flow.on_start = [BEFORE], loses_answer(runs_for(5), error)
    assert flow.run(launch(Launch(RUN))).phase == "started"
    assert flow.starts() == 1


def test_a_lost_answer_to_a_short_run_is_found_in_the_log(flow: Any) -> None:
    flow.logs, flow.on_start = [BEFORE], loses_answer(runs_for(0))
    assert flow.run(launch(Launch(RUN))).phase == "started"
    assert flow.starts() == 1


def test_a_start_that_nobody_can_vouch_for_is_an_error(flow: Any) -> None:
    flow.logs, flow.on_start = [BEFORE], loses_answer()
    with pytest.raises(StartUnknown, match="not sent again"):
        flow.run(launch(Launch(RUN)))
    assert flow.starts() == 1
    assert flow.now >= LOOK_FOR


@pytest.mark.parametrize("error", [ConnectionFailed("away"), RateLimited("later", status=429, method="POST", path="/")])
def test_a_start_that_did_not_get_through_is_kept_as_refused(flow: Any, error: Exception) -> None:
    flow.on_start = loses_answer(error=error)
    kept: list[dict[str, Any]] = []
    with pytest.raises(type(error)):
        flow.run(launch(Launch(RUN, keep=kept.append)))
    assert [run["phase"] for run in kept] == ["prepared", "refused"]


def test_a_refused_start_is_the_platforms_error(flow: Any) -> None:
    flow.on_start = loses_answer(error=BadRequest("unknown variable", status=400, method="POST", path="/"))
    with pytest.raises(BadRequest, match="unknown variable"):
        flow.run(launch(Launch(RUN)))


def test_a_busy_flow_fails_by_default_without_a_start(flow: Any) -> None:
    flow.states = [(0.0, "RUNNING 5")]
    with pytest.raises(FlowBusy, match="Forecast"):
        flow.run(launch(Launch(RUN)))
    assert flow.starts() == 0


def test_a_busy_flow_can_be_attached_to(flow: Any) -> None:
    flow.states, flow.logs = [(0.0, "RUNNING 5")], [BEFORE]
    run = flow.run(launch(Launch(RUN, on_busy="attach")))
    assert (run.attached, run.baseline, flow.starts()) == (True, "before", 0)


def test_a_busy_flow_can_be_waited_for_and_is_then_told_from_the_earlier_run(flow: Any) -> None:
    flow.states = [(0.0, "RUNNING 5"), (60.0, "IDLE")]
    flow.logs, flow.on_start = [BEFORE, (60.0, "theirs", "SUCCESS")], runs_for(5)
    run = flow.run(launch(Launch(RUN, on_busy="wait")))
    assert (run.attached, run.baseline, flow.starts()) == (False, "theirs", 1)


def test_the_wait_for_a_busy_flow_ends(flow: Any) -> None:
    flow.states = [(0.0, "RUNNING 5")]
    with pytest.raises(FlowBusy):
        flow.run(launch(Launch(RUN, on_busy="wait", timeout=20.0)))


def test_a_flow_that_somebody_starts_at_the_same_moment_counts_as_busy(flow: Any) -> None:
    def conflict(script: Any) -> None:
        script.states.append((script.now, "RUNNING 0"))
        raise Conflict("busy", status=409, method="POST", path="/")

    flow.on_start = conflict
    kept: list[dict[str, Any]] = []
    with pytest.raises(FlowBusy):
        flow.run(launch(Launch(RUN, keep=kept.append)))
    assert [run["phase"] for run in kept] == ["prepared", "refused"]


def test_a_run_that_was_refused_is_not_mistaken_for_the_one_that_is_on(flow: Any) -> None:
    flow.states = [(0.0, "RUNNING 5"), (60.0, "IDLE")]
    flow.logs, flow.on_start = [BEFORE, (60.0, "theirs", "SUCCESS")], runs_for(5)
    previous = RunState("app", "flow", "Forecast", "before", phase="refused").to_dict()
    run = flow.run(launch(Launch(RUN, on_busy="wait"), previous))
    assert (run.attached, run.baseline, flow.starts()) == (False, "theirs", 1)


def test_a_run_that_was_started_is_picked_up_and_not_started_again(flow: Any) -> None:
    previous = RunState("app", "flow", "Forecast", "before", phase="started").to_dict()
    run = flow.run(launch(Launch(RUN), previous))
    assert (run.attached, run.baseline, flow.starts()) == (True, "before", 0)


@pytest.mark.parametrize(
    ("states", "logs"),
    [([(0.0, "RUNNING 5")], [BEFORE]), ([(0.0, "IDLE")], [BEFORE, (0.0, "mine", "SUCCESS")])],
    ids=["still going", "over by now"],
)
def test_a_start_that_was_carried_out_before_the_caller_died_is_picked_up(flow: Any, states: Any, logs: Any) -> None:
    flow.states, flow.logs = states, logs
    previous = RunState("app", "flow", "Forecast", "before", phase="prepared").to_dict()
    run = flow.run(launch(Launch(RUN), previous))
    assert (run.attached, run.phase, flow.starts()) == (True, "started", 0)


def test_a_start_that_was_never_carried_out_is_made_up_for(flow: Any) -> None:
    flow.logs, flow.on_start = [BEFORE], runs_for(5)
    previous = RunState("app", "flow", "Forecast", "before", phase="prepared").to_dict()
    run = flow.run(launch(Launch(RUN), previous))
    assert (run.attached, run.phase, flow.starts()) == (False, "started", 1)


def test_a_kept_run_of_another_flow_is_refused(flow: Any) -> None:
    previous = RunState("app", "other", "Other", None).to_dict()
    with pytest.raises(InvalidInput, match="'Other'"):
        flow.run(launch(Launch(RUN), previous))


def test_a_kept_run_of_a_later_release_is_refused_with_what_to_do(flow: Any) -> None:
    with pytest.raises(InvalidInput, match="upgrade"):
        flow.run(launch(Launch(RUN), {**RUN.to_dict(), "version": 99}))


def test_an_unknown_way_with_busy_flows_is_refused() -> None:
    wrong: OnBusy = "panic"  # type: ignore[assignment]
    with pytest.raises(InvalidInput, match="'panic'"):
        Launch(RUN, on_busy=wrong)
