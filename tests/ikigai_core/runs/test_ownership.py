"""Nobody takes another one's run log for their own without saying so, whatever the platform lets happen."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

import pytest

from ikigai_core.errors import ConflictError, FlowBusyError, RunAmbiguousError
from ikigai_core.procedure import Procedure, pause
from ikigai_core.runs.follow import START_GRACE, follow
from ikigai_core.runs.launch import Launch
from ikigai_core.runs.start import launch
from ikigai_core.runs.start_options import OnBusy
from ikigai_core.runs.state import RunState

BEFORE = (0.0, "before", "SUCCESS")
WANTED = RunState("app", "flow", "Forecast", None, user="bob@example.com")


class Starts:
    """What starts of a flow lead to.

    Parameters
    ----------
    flow : ScriptedFlow
    outcomes : iterable of (float, str)
        For each start that is accepted, after how many seconds its run ends and how.
    refuses : bool
        Whether a busy flow is refused, or runs its runs side by side.
    """

    def __init__(self, flow: Any, outcomes: Iterable[tuple[float, str]], *, refuses: bool) -> None:
        self.outcomes = list(outcomes)
        self.refuses = refuses
        self.accepted = 0
        flow.on_start, flow.logs = self, [BEFORE]

    def __call__(self, flow: Any) -> None:
        ends = [since for since, _ in flow.states if since > flow.now]
        if ends and self.refuses:
            raise ConflictError("busy", status=409, method="POST", path="/component/run-pipeline")
        duration, status = self.outcomes[self.accepted]
        self.accepted += 1
        end = flow.now + duration
        flow.states = [(0.0, "IDLE"), (flow.now, "RUNNING 10"), (max([end, *ends]), "IDLE")]
        flow.logs = sorted([*flow.logs, (end, f"run-{self.accepted}", status)])


def started_and_followed(on_busy: OnBusy = "fail", user: str = "bob@example.com", after: float = 0.0) -> Procedure[Any]:
    yield from pause(after)
    run = (yield from launch(Launch(replace(WANTED, user=user), on_busy))).run
    return (yield from follow(run))


def test_a_platform_that_refuses_the_second_start_leaves_no_doubt(flow: Any) -> None:
    Starts(flow, [(5.0, "SUCCESS")], refuses=True)
    first, second = flow.together(started_and_followed(), started_and_followed())
    assert (first.log.log_id, first.run.doubt) == ("run-1", "")
    assert isinstance(second, FlowBusyError)


def test_the_second_of_two_starts_waits_or_attaches_as_told(flow: Any) -> None:
    Starts(flow, [(5.0, "SUCCESS"), (5.0, "FAILED")], refuses=True)
    first, waited, attached = flow.together(
        started_and_followed(), started_and_followed("wait"), started_and_followed("attach")
    )
    assert [ended.log.log_id for ended in (first, waited, attached)] == ["run-1", "run-2", "run-1"]
    assert [ended.run.attached for ended in (first, waited, attached)] == [False, False, True]


def test_a_refusal_by_a_run_that_is_over_by_now_still_means_busy(flow: Any) -> None:
    def refuse(script: Any) -> None:
        script.logs.append((script.now, "theirs", "SUCCESS"))
        raise ConflictError("busy", status=409, method="POST", path="/component/run-pipeline")

    flow.logs, flow.on_start = [BEFORE], refuse
    with pytest.raises(FlowBusyError):
        flow.run(launch(Launch(WANTED)))


def test_users_tell_runs_apart_that_went_on_at_once(flow: Any, started: RunState) -> None:
    flow.logs = [BEFORE, (5.0, "run-1", "SUCCESS", "BOB@example.com"), (9.0, "run-2", "FAILED", "ann@example.com")]
    flow.now = 20.0
    for user, log_id in (("bob@example.com", "run-1"), ("Ann@example.com", "run-2")):
        ended = flow.run(follow(replace(started, user=user)))
        assert (ended.log.log_id, ended.run.doubt) == (log_id, "")


def during_the_start(flow: Any, theirs: str, mine: str, user: str = "bob@example.com") -> None:
    """Somebody's short run begins and ends between the baseline and the start of mine."""

    def start(script: Any) -> None:
        script.states = [(0.0, "IDLE"), (script.now, "RUNNING 10"), (script.now + 9.0, "IDLE")]
        script.logs += [(script.now, "theirs", theirs, user), (script.now + 9.0, "mine", mine)]

    flow.logs, flow.on_start = [BEFORE], start


def test_a_short_run_of_the_same_user_between_baseline_and_start_is_noticed(flow: Any) -> None:
    during_the_start(flow, "SUCCESS", "SUCCESS")
    kept: list[dict[str, Any]] = []
    run = flow.run(launch(Launch(WANTED, keep=kept.append))).run
    assert (run.rivals, kept[-1]) == (1, run.to_dict())
    ended = flow.run(follow(run))
    assert (ended.log.log_id, ended.run.doubt) == ("mine", run.doubt)
    assert "while this one was being started" in run.doubt


def test_a_short_run_of_another_user_between_baseline_and_start_does_no_harm(flow: Any) -> None:
    during_the_start(flow, "FAILED", "SUCCESS", "ann@example.com")
    ended = flow.run(follow(flow.run(launch(Launch(WANTED))).run))
    assert (ended.log.log_id, ended.run.doubt) == ("mine", "")


def test_runs_that_cannot_be_told_apart_and_ended_differently_are_an_error(flow: Any) -> None:
    during_the_start(flow, "FAILED", "SUCCESS")
    run = flow.run(launch(Launch(WANTED))).run
    with pytest.raises(RunAmbiguousError, match="not known how the run.*theirs FAILED, mine SUCCESS") as caught:
        flow.run(follow(run))
    assert not caught.value.transient
    assert [log.log_id for log in caught.value.candidates] == ["theirs", "mine"]


def test_a_short_run_of_ones_own_is_not_in_doubt(flow: Any) -> None:
    Starts(flow, [(0.0, "SUCCESS")], refuses=True)
    ended = flow.run(started_and_followed())
    assert (ended.log.log_id, ended.run.doubt) == ("run-1", "")


def test_the_log_of_another_user_alone_proves_nothing(flow: Any, started: RunState) -> None:
    flow.logs = [BEFORE, (0.0, "theirs", "SUCCESS", "ann@example.com")]
    with pytest.raises(RunAmbiguousError, match=r"names ann@example\.com"):
        flow.run(follow(started))
    assert flow.now > START_GRACE
    flow.now = 0.0
    ended = flow.run(follow(replace(started, on_doubt="accept")))
    assert "names ann@example.com" in ended.run.doubt


def test_runs_that_began_after_ones_own_ended_do_not_make_it_doubtful(flow: Any, started: RunState) -> None:
    flow.logs = [BEFORE, (1.0, "mine", "SUCCESS"), (1.1, "theirs", "FAILED"), (1.2, "others", "SUCCESS")]
    flow.states, flow.now = [(0.0, "RUNNING 10")], 2.0
    ended = flow.run(follow(replace(started, user="bob@example.com")))
    assert (ended.log.log_id, ended.run.doubt) == ("mine", "")


def test_two_runs_of_which_either_may_be_ones_own_prove_a_success_if_both_succeeded(flow: Any) -> None:
    during_the_start(flow, "SUCCESS", "SUCCESS")
    run = flow.run(launch(Launch(WANTED))).run
    flow.logs.append((flow.now + 20.0, "later", "FAILED"))
    flow.now += 60.0
    assert flow.run(follow(run)).log.log_id == "mine"


def test_a_status_that_lags_behind_the_log_raises_no_doubt(flow: Any, started: RunState) -> None:
    flow.states = [(0.0, "RUNNING 90"), (1.0, "RUNNING 50"), (1.6, "IDLE")]
    flow.logs = [BEFORE, (1.0, "mine", "SUCCESS")]
    ended = flow.run(follow(started))
    assert (ended.log.log_id, ended.run.doubt) == ("mine", "")
