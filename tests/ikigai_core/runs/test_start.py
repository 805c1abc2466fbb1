"""A flow is started once, whatever gets lost on the way, and an earlier try's run is picked up."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ikigai_core.errors import (
    AnswerLostError,
    BadRequestError,
    ConflictError,
    ConnectionFailedError,
    FlowBusyError,
    InvalidInputError,
    RateLimitedError,
    RunAmbiguousError,
    ServerError,
    StartUnknownError,
    UnexpectedAnswerError,
)
from ikigai_core.procedure import Procedure
from ikigai_core.runs.follow import follow
from ikigai_core.runs.launch import Launch
from ikigai_core.runs.lost_start import LONGEST_LOOK, LOOK_FOR
from ikigai_core.runs.start import launch as launch_procedure
from ikigai_core.runs.start_options import OnBusy
from ikigai_core.runs.state import RunState

BEFORE = (0.0, "before", "SUCCESS")
RUN = RunState("app", "flow", "Forecast", None, {"month": "2026-10"})
GUESSING = replace(RUN, on_doubt="accept")


def launch(wanted: Launch, previous: Any = None) -> Procedure[RunState]:
    return (yield from launch_procedure(wanted, previous)).run


class Lease:
    """A lease that nobody else has; it may be lost on the way, after so many renewals."""

    def __init__(self, lasts: int = 99) -> None:
        self.lasts, self.held, self.released = lasts, 0, 0

    def hold(self) -> bool:
        self.held += 1
        return True

    def renew(self) -> bool:
        self.lasts -= 1
        return self.lasts >= 0

    def release(self) -> None:
        self.released += 1


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
        raise error or AnswerLostError("lost")

    return start


def test_the_baseline_is_kept_before_the_start_is_sent(flow: Any) -> None:
    flow.logs, flow.on_start = [BEFORE], runs_for(5)
    kept: list[tuple[str, str | None, int]] = []
    run = flow.run(launch(Launch(RUN, keep=lambda data: kept.append((data["phase"], data["baseline"], flow.starts())))))
    assert kept == [("prepared", "before", 0), ("started", "before", 1)]
    assert (run.baseline, run.phase, run.attached) == ("before", "started", False)


LOST = [
    AnswerLostError("lost"),
    ServerError("oops", status=502, method="POST", path="/"),
    UnexpectedAnswerError("cut off"),
]


@pytest.mark.parametrize("error", LOST, ids=lambda error: type(error).__name__)
@pytest.mark.parametrize("duration", [5.0, 0.0], ids=["still going", "over by now"])
def test_a_run_that_is_seen_after_a_lost_answer_may_be_anothers_and_is_not_taken(
    flow: Any, error: Exception, duration: float
) -> None:
    flow.logs, flow.on_start = [BEFORE], loses_answer(runs_for(duration), error)
    kept: list[dict[str, Any]] = []
    with pytest.raises(StartUnknownError, match="may be another run") as caught:
        flow.run(launch(Launch(RUN, keep=kept.append)))
    assert not caught.value.transient
    assert ([run["phase"] for run in kept], flow.starts()) == (["prepared", "unknown"], 1)


def test_a_guess_is_taken_only_if_it_is_asked_for_and_it_shows(flow: Any) -> None:
    flow.logs, flow.on_start = [BEFORE], loses_answer(runs_for(5))
    run = flow.run(launch(Launch(GUESSING)))
    assert (run.phase, flow.starts()) == ("started", 1)
    assert "answer to its start was lost" in run.doubt


@pytest.mark.parametrize("lasts", [True, False])
def test_a_lease_that_is_held_until_the_run_was_seen_proves_that_it_is_ones_own(flow: Any, *, lasts: bool) -> None:
    flow.logs, flow.on_start, lease = [BEFORE], loses_answer(runs_for(5)), Lease(99 if lasts else 1)
    if lasts:
        run = flow.run(launch(Launch(RUN, lease=lease)))
        assert (run.phase, run.doubt) == ("started", "")
    else:
        with pytest.raises(StartUnknownError):
            flow.run(launch(Launch(RUN, lease=lease)))
    assert (lease.held, lease.released, flow.starts()) == (1, 1, 1)


def test_the_lease_is_held_until_the_flow_shows_the_run(flow: Any) -> None:
    def start(script: Any) -> None:
        script.states += [(script.now, "IDLE"), (script.now + 8, "RUNNING 0")]

    lease = Lease()
    lease.release = lambda: released.append(flow.now)  # type: ignore[method-assign]
    flow.logs, flow.on_start = [BEFORE], start
    released: list[float] = []
    flow.run(launch(Launch(RUN, lease=lease)))
    assert 8 <= released[0] < 10


def test_a_lease_that_was_lost_before_the_start_starts_nothing(flow: Any) -> None:
    flow.logs, lease = [BEFORE], Lease(0)
    kept: list[dict[str, Any]] = []
    with pytest.raises(FlowBusyError):
        flow.run(launch(Launch(RUN, lease=lease, keep=kept.append)))
    assert ([run["phase"] for run in kept], flow.starts()) == (["prepared", "refused"], 0)


def test_the_look_for_a_lost_start_subtracts_outages_and_does_not_begin_anew(flow: Any) -> None:
    away = ConnectionFailedError("away")
    flow.states = [(0.0, "IDLE"), *((second, away if second % 4 == 3 else "IDLE") for second in range(1, 400))]
    flow.logs, flow.on_start = [BEFORE], loses_answer()
    with pytest.raises(StartUnknownError, match="neither status nor log"):
        flow.run(launch(Launch(RUN)))
    assert LOOK_FOR < flow.now < 3 * LOOK_FOR


def test_the_look_for_a_lost_start_ends_if_the_platform_stays_away(flow: Any) -> None:
    def lose_and_leave(script: Any) -> None:
        script.states.append((script.now, ConnectionFailedError("away")))
        raise AnswerLostError("lost")

    flow.logs, flow.on_start = [BEFORE], lose_and_leave
    with pytest.raises(StartUnknownError, match="could not be checked for"):
        flow.run(launch(Launch(RUN)))
    assert LONGEST_LOOK <= flow.now < LONGEST_LOOK + 60


def test_a_start_that_nobody_can_vouch_for_is_an_error(flow: Any) -> None:
    flow.logs, flow.on_start = [BEFORE], loses_answer()
    with pytest.raises(StartUnknownError, match="not sent again"):
        flow.run(launch(Launch(RUN)))
    assert flow.starts() == 1
    assert flow.now >= LOOK_FOR


@pytest.mark.parametrize(
    "error", [ConnectionFailedError("away"), RateLimitedError("later", status=429, method="POST", path="/")]
)
def test_a_start_that_did_not_get_through_is_kept_as_refused(flow: Any, error: Exception) -> None:
    flow.on_start = loses_answer(error=error)
    kept: list[dict[str, Any]] = []
    with pytest.raises(type(error)):
        flow.run(launch(Launch(RUN, keep=kept.append)))
    assert [run["phase"] for run in kept] == ["prepared", "refused"]


def test_what_goes_wrong_before_the_start_is_sent_leaves_no_doubt(flow: Any) -> None:
    flow.logs = [BEFORE]
    lease, kept = Lease(), []

    def renew() -> bool:
        raise OSError("the orchestrator is away")

    lease.renew = renew  # type: ignore[method-assign]
    with pytest.raises(OSError, match="away"):
        flow.run(launch(Launch(RUN, lease=lease, keep=kept.append)))
    assert ([run["phase"] for run in kept], flow.starts()) == (["prepared", "refused"], 0)


def _another_was_quicker(script: Any) -> None:
    """The start takes 20 s, in which another run begins and ends; the flow reads idle for 8 s more."""
    script.now += 20
    script.logs += [(script.now - 5, "theirs", "SUCCESS"), (script.now + 13, "mine", "SUCCESS")]
    script.states += [(script.now, "IDLE"), (script.now + 8, "RUNNING 0"), (script.now + 13, "IDLE")]


def test_another_run_that_ended_during_a_slow_start_is_not_taken_for_ones_own(flow: Any) -> None:
    flow.logs, flow.on_start = [BEFORE], _another_was_quicker
    kept: list[dict[str, Any]] = []
    run = flow.run(launch(Launch(RUN, keep=kept.append)))
    assert ([(note["phase"], note["rivals"]) for note in kept][1:], run.rivals) == (
        [("started", -1), ("started", 1)],
        1,
    )
    assert flow.run(follow(run)).log.log_id == "mine"


@pytest.mark.parametrize("pick_up", [True, False])
def test_runs_that_nobody_has_counted_yet_are_counted_by_who_comes_next(flow: Any, *, pick_up: bool) -> None:
    flow.logs, flow.on_start = [BEFORE], _another_was_quicker
    kept: list[dict[str, Any]] = []
    flow.run(launch(Launch(RUN, keep=kept.append)))
    run = RunState.from_dict(kept[1])
    if pick_up:
        run = flow.run(launch(Launch(RUN), kept[1]))
    else:
        flow.now += 10
    assert flow.run(follow(run)).log.log_id == "mine"


def test_a_refused_start_is_the_platforms_error(flow: Any) -> None:
    flow.on_start = loses_answer(error=BadRequestError("unknown variable", status=400, method="POST", path="/"))
    with pytest.raises(BadRequestError, match="unknown variable"):
        flow.run(launch(Launch(RUN)))


def test_a_busy_flow_fails_by_default_without_a_start(flow: Any) -> None:
    flow.states = [(0.0, "RUNNING 5")]
    with pytest.raises(FlowBusyError, match="Forecast"):
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
    with pytest.raises(FlowBusyError):
        flow.run(launch(Launch(RUN, on_busy="wait", timeout=20.0)))


def test_a_flow_that_somebody_starts_at_the_same_moment_counts_as_busy(flow: Any) -> None:
    def conflict(script: Any) -> None:
        script.states.append((script.now, "RUNNING 0"))
        raise ConflictError("busy", status=409, method="POST", path="/")

    flow.on_start = conflict
    kept: list[dict[str, Any]] = []
    with pytest.raises(FlowBusyError):
        flow.run(launch(Launch(RUN, keep=kept.append)))
    assert [run["phase"] for run in kept] == ["prepared", "refused"]


def test_a_run_that_was_refused_is_not_mistaken_for_the_one_that_is_on(flow: Any) -> None:
    flow.states = [(0.0, "RUNNING 5"), (60.0, "IDLE")]
    flow.logs, flow.on_start = [BEFORE, (60.0, "theirs", "SUCCESS")], runs_for(5)
    previous = RunState("app", "flow", "Forecast", "before", phase="refused").to_dict()
    run = flow.run(launch(Launch(RUN, on_busy="wait"), previous))
    assert (run.attached, run.baseline, flow.starts()) == (False, "theirs", 1)


@pytest.mark.parametrize("phase", ["started", "ended", "taken"])
def test_a_run_that_was_started_is_picked_up_and_not_started_again(flow: Any, phase: Any) -> None:
    previous = RunState("app", "flow", "Forecast", "before", phase=phase).to_dict()
    launched = flow.run(launch_procedure(Launch(RUN), previous))
    assert (launched.is_picked_up, launched.run.baseline, flow.starts()) == (True, "before", 0)


def test_an_output_of_its_own_lets_a_lost_run_be_followed_until_that_proves_it(flow: Any) -> None:
    flow.logs, flow.on_start = [BEFORE], loses_answer(runs_for(5))
    run = flow.run(launch(Launch(replace(RUN, unique_output="mine"))))
    assert (run.phase, run.output_before, flow.starts()) == ("unknown", "", 1)
    flow.datasets = [{"dataset_id": "d", "name": "mine", "modified_at": "1"}]
    ended = flow.run(follow(run))
    assert (ended.log.log_id, ended.run.doubt) == ("run-1", "")


@pytest.mark.parametrize("ended", ["SUCCESS", "FAILED"])
def test_an_output_proves_no_run_that_ended_before(flow: Any, ended: str) -> None:
    def start(script: Any) -> None:
        now = script.now
        script.states += [(now, "RUNNING 0"), (now + 5, "IDLE"), (now + 5.5, "RUNNING 0"), (now + 30, "IDLE")]
        script.logs += [(now + 5, "theirs", "SUCCESS"), (now + 30, "mine", ended)]
        raise AnswerLostError("lost")

    flow.logs, flow.on_start = [BEFORE], start
    run = flow.run(launch(Launch(replace(RUN, unique_output="mine"))))
    flow.now += 10
    flow.datasets = [{"dataset_id": "d", "name": "mine", "modified_at": "1"}]
    if ended == "SUCCESS":
        assert flow.run(follow(run)).log.log_id == "mine"
    else:
        with pytest.raises(RunAmbiguousError, match="theirs SUCCESS, mine FAILED"):
            flow.run(follow(run))


def test_a_lost_run_that_did_not_write_its_own_output_is_not_taken(flow: Any) -> None:
    flow.datasets = [{"dataset_id": "d", "name": "mine", "modified_at": "1"}]
    flow.logs, flow.on_start = [BEFORE], loses_answer(runs_for(5))
    run = flow.run(launch(Launch(replace(RUN, unique_output="mine"))))
    with pytest.raises(RunAmbiguousError, match="did not write dataset 'mine'"):
        flow.run(follow(run))


@pytest.mark.parametrize("phase", ["prepared", "unknown"])
@pytest.mark.parametrize(
    ("states", "logs"),
    [([(0.0, "RUNNING 5")], [BEFORE]), ([(0.0, "IDLE")], [BEFORE, (0.0, "mine", "SUCCESS")])],
    ids=["still going", "over by now"],
)
def test_what_is_seen_of_a_start_whose_caller_died_may_be_anothers(
    flow: Any, states: Any, logs: Any, phase: Any
) -> None:
    flow.states, flow.logs = states, logs
    previous = RunState("app", "flow", "Forecast", "before", phase=phase, user="bob@example.com").to_dict()
    with pytest.raises(StartUnknownError, match="may be another run"):
        flow.run(launch(Launch(RUN), previous))
    run = flow.run(launch(Launch(GUESSING), previous))
    assert (run.phase, bool(run.doubt), flow.starts()) == ("started", True, 0)


@pytest.mark.parametrize("phase", ["prepared", "unknown"])
def test_a_start_that_may_still_arrive_is_sent_again_only_if_told_to(flow: Any, phase: Any) -> None:
    flow.logs, flow.on_start = [BEFORE], runs_for(5)
    previous = RunState("app", "flow", "Forecast", "before", phase=phase).to_dict()
    with pytest.raises(StartUnknownError, match="may still arrive"):
        flow.run(launch(Launch(RUN), previous))
    assert flow.starts() == 0
    run = flow.run(launch(Launch(GUESSING), previous))
    assert (run.phase, flow.starts()) == ("started", 1)


def test_a_flow_that_ran_while_the_note_was_written_is_not_started_from_an_old_baseline(flow: Any) -> None:
    flow.logs, flow.on_start = [BEFORE], runs_for(5)
    kept: list[tuple[str, str]] = []

    def keep(run: dict[str, Any]) -> None:
        if not kept:
            flow.logs.append((flow.now, "theirs", "SUCCESS"))
        kept.append((run["phase"], run["baseline"]))

    run = flow.run(launch(Launch(RUN, keep=keep, on_busy="wait")))
    assert (run.baseline, flow.starts()) == ("theirs", 1)
    assert kept == [("prepared", "before"), ("refused", "before"), ("prepared", "theirs"), ("started", "theirs")]


def test_a_kept_run_of_another_flow_is_refused(flow: Any) -> None:
    previous = RunState("app", "other", "Other", None).to_dict()
    with pytest.raises(InvalidInputError, match="'Other'"):
        flow.run(launch(Launch(RUN), previous))


def test_a_kept_run_of_a_later_release_is_refused_with_what_to_do(flow: Any) -> None:
    with pytest.raises(InvalidInputError, match="upgrade"):
        flow.run(launch(Launch(RUN), {**RUN.to_dict(), "version": 99}))


def test_an_unknown_way_with_busy_flows_is_refused() -> None:
    wrong: OnBusy = "panic"  # type: ignore[assignment]
    with pytest.raises(InvalidInputError, match="'panic'"):
        Launch(RUN, on_busy=wrong)
