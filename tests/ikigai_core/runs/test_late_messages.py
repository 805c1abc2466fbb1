"""Messages of private copies that come late, or from a process that was stopped, lead to no second run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from ikigai_core.api.call import Call
from ikigai_core.components.flow import Flow
from ikigai_core.errors import AnswerLostError, ConnectionFailedError, NotFoundError, PlatformAwayError
from ikigai_core.orchestration import SupersededError
from ikigai_core.procedure import BlockingCall, Pause, Procedure, Step
from ikigai_core.runs.flow_run import FlowRun

from .model_platform import ModelPlatform, Ways
from .model_world import RECORD, Client, Notes

VARIABLES = {"task": "mine"}
LATE = 15.0
"""Seconds after which a start arrives at a copy that can run nothing any more, and that is still looked at."""


@dataclass
class Line:
    """What lies between a process and the platform.

    Attributes
    ----------
    held : dict
        For the first call of a path: the seconds after which it arrives; its answer is lost.
    """

    platform: ModelPlatform
    held: dict[str, float] = field(default_factory=dict)
    now: float = 0.0
    _late: list[tuple[float, Call[Any]]] = field(default_factory=list)

    def run(self, procedure: Procedure[Any]) -> Any:
        """Perform a procedure to its end."""
        return self.until(procedure, lambda step: False)

    def until(self, procedure: Procedure[Any], is_last: Callable[[Step], bool], step: Step | None = None) -> Any:
        """Perform a procedure up to a step, which is returned and not done; go on with one that is given."""
        try:
            step = next(procedure) if step is None else step
            while not is_last(step):
                try:
                    answer = self._perform(step)
                except Exception as error:
                    step = procedure.throw(error)
                else:
                    step = procedure.send(answer)
        except StopIteration as end:
            return end.value
        return step

    def _perform(self, step: Step) -> Any:
        match step:
            case Pause(seconds):
                self.now += seconds
                return self.now
            case BlockingCall(function):
                return function()
            case Call():
                return self._send(step)
        raise AssertionError(f"unexpected step {step}")

    def _send(self, call: Call[Any]) -> Any:
        for late in [late for late in self._late if late[0] <= self.now]:
            self._late.remove(late)
            self.platform.perform(late[1], late[0])
        seconds = self.held.pop(call.path.rsplit("/", 1)[1], None)
        if seconds is not None:
            self._late.append((self.now + seconds, call))
            raise AnswerLostError("lost")
        return call.read(self.platform.perform(call, self.now))


def line(seconds: float = 5.0, **ways: Any) -> Line:
    return Line(ModelPlatform(Ways(**ways), {"mine": (seconds, "SUCCESS")}))


def launch(store: Any, previous: Any = None) -> Procedure[FlowRun]:
    flow = Flow.bind(RECORD, Client())
    return Flow.launch.procedure(flow, VARIABLES, isolation="copy", keep=store.note, previous=previous)


def is_start(step: Step) -> bool:
    return isinstance(step, Call) and step.path.endswith("run-pipeline")


def test_a_start_that_arrives_at_the_fence_leads_to_another_copy() -> None:
    sent = line(fenced_seconds=4.0)
    sent.held = {"run-pipeline": LATE}
    run = sent.run(launch(Notes().of(1)))
    assert sent.run(FlowRun.result.procedure(run)).log_id == "run-1"
    assert [(run.is_fenced, run.status) for run in sent.platform.runs] == [(True, "FAILED"), (False, "SUCCESS")]
    assert list(sent.platform.flows) == ["flow"]


def test_a_run_that_takes_long_to_fail_at_the_fence_is_no_failure_of_the_flow() -> None:
    sent, notes = line(fenced_seconds=90.0), Notes()
    sent.held = {"run-pipeline": LATE}
    run = sent.run(launch(notes.of(1)))
    with pytest.raises(PlatformAwayError, match="flow 'Forecast' did not run"):
        sent.run(FlowRun.result.procedure(run))
    again = sent.run(launch(notes.of(2), notes.of(2).find()))
    assert sent.run(FlowRun.result.procedure(again)).log_id == "run-1"
    assert list(sent.platform.flows) == ["flow"]


@pytest.mark.parametrize("seconds", [LATE, 100.0, 600.0])
def test_a_copy_that_is_created_late_is_never_started(seconds: float) -> None:
    sent = line()
    sent.held = {"create-pipeline": seconds}
    run = sent.run(launch(Notes().of(1)))
    sent.now += 1000.0
    assert sent.run(FlowRun.result.procedure(run)).log_id == "run-0"
    assert (len(sent.platform.created), len(sent.platform.runs)) == (2, 1)


def test_a_process_that_was_stopped_before_its_start_finds_nothing_to_run() -> None:
    sent, notes = line(), Notes()
    stopped = launch(notes.of(1))
    start = sent.until(stopped, is_start)
    run = sent.run(launch(notes.of(2), notes.of(2).find()))
    with pytest.raises(NotFoundError):
        sent.until(stopped, lambda step: False, start)
    assert sent.run(FlowRun.result.procedure(run)).log_id == "run-0"
    assert len(sent.platform.runs) == 1


def test_a_process_that_was_stopped_leaves_the_copy_to_who_took_over() -> None:
    sent, notes = line(), Notes()
    stopped = launch(notes.of(1))
    sent.until(stopped, is_start)
    notes.of(2).find()
    keeping = stopped.throw(ConnectionFailedError("away"))
    with pytest.raises(SupersededError):
        keeping.function()  # type: ignore[union-attr]
    with pytest.raises(ConnectionFailedError):
        stopped.throw(SupersededError("taken over"))
    assert len(sent.platform.flows) == 2
