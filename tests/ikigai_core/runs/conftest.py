"""A scripted flow on a simulated clock: procedures are fed its answers, and no time passes while they are."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from ikigai_core.api.call import Call
from ikigai_core.procedure import Pause, Procedure, Step, Work
from ikigai_core.runs.state import RunState

Answer = str | Exception


@dataclass
class ScriptedFlow:
    """A flow whose states, by second, are written in advance.

    Attributes
    ----------
    states : list of (float, str or Exception)
        From which second on the flow reports which status, or fails to answer.
    logs : list of (float, str, str)
        From which second on the log has which entry (id, status).
    on_start : callable, optional
        What a start does to the script; what it returns or raises is the answer.
    """

    states: list[tuple[float, Answer]] = field(default_factory=lambda: [(0.0, "IDLE")])
    logs: list[tuple[float, str, str]] = field(default_factory=list)
    on_start: Callable[[ScriptedFlow], None] | None = None
    now: float = 0.0
    sent: list[str] = field(default_factory=list)

    def run(self, procedure: Procedure[Any]) -> Any:
        """Perform a procedure against the script."""
        try:
            step = next(procedure)
            while True:
                try:
                    answer = self._answer(step)
                except Exception as error:
                    step = procedure.throw(error)
                else:
                    step = procedure.send(answer)
        except StopIteration as end:
            return end.value

    def starts(self) -> int:
        """How many starts were sent."""
        return self.sent.count("/component/run-pipeline")

    def _answer(self, step: Step) -> Any:
        match step:
            case Pause(seconds):
                self.now += seconds
                return self.now
            case Work(function):
                return function()
            case Call():
                self.sent.append(step.path)
                return step.read(self._json(step))
        raise AssertionError(f"unexpected step {step}")

    def _json(self, call: Call[Any]) -> Any:
        if call.path == "/component/is-pipeline-running":
            state = [answer for since, answer in self.states if since <= self.now][-1]
            if isinstance(state, Exception):
                raise state
            status, _, progress = state.partition(" ")
            report = {"status": status, "message": "", **({"progress": int(progress)} if progress else {})}
            return {"status": status != "IDLE", "progress": report}
        if call.path == "/component/get-pipeline-log":
            entries = [
                {
                    "log_id": log_id,
                    "status": status,
                    "user": "bob@example.com",
                    "timestamp": "1715274391",
                    "message": "",
                }
                for since, log_id, status in reversed(self.logs)
                if since <= self.now
            ]
            return {"pipeline_log": entries[: int(call.query["limit"])]}
        if call.path == "/component/run-pipeline":
            if self.on_start is not None:
                self.on_start(self)
            return {"pipeline_id": "flow"}
        raise AssertionError(f"unexpected call {call.path}")


@pytest.fixture
def flow() -> ScriptedFlow:
    return ScriptedFlow()


@pytest.fixture
def started() -> RunState:
    """A run that was started when the log's newest entry was "before"."""
    return RunState("app", "flow", "Forecast", "before", phase="started")
