"""A scripted flow on a simulated clock: procedures are fed its answers, and no time passes while they are."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from ikigai_core.api.call import Call
from ikigai_core.procedure import BlockingCall, Pause, Procedure, Step
from ikigai_core.runs import history, polling
from ikigai_core.runs.state import RunState

USER = "bob@example.com"
Answer = str | Exception


@dataclass
class ScriptedFlow:
    """A flow whose states, by second, are written in advance.

    Attributes
    ----------
    states : list of (float, str or Exception)
        From which second on the flow reports which status, or fails to answer.
    logs : list of (float, str, str) or (float, str, str, str)
        From which second on the log has which entry (id, status, user; without one it is bob@example.com).
    datasets : list of dict
        What the app holds, as far as names, ids and times of change matter.
    on_start : callable, optional
        What a start does to the script; what it returns or raises is the answer.
    """

    states: list[tuple[float, Answer]] = field(default_factory=lambda: [(0.0, "IDLE")])
    logs: list[tuple[Any, ...]] = field(default_factory=list)
    datasets: list[dict[str, str]] = field(default_factory=list)
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

    def together(self, *procedures: Procedure[Any]) -> list[Any]:
        """Perform procedures side by side, step by step in turns; what each returned or raised."""
        ends: list[Any] = [None] * len(procedures)
        queue = [(0.0, n, n, None) for n in range(len(procedures))]
        turns = len(procedures)
        while queue:
            self.now, _, n, answer = heapq.heappop(queue)
            try:
                if isinstance(answer, Exception):
                    step = procedures[n].throw(answer)
                else:
                    step = procedures[n].send(answer)
                answer = self._answer(step)
            except StopIteration as end:
                ends[n] = end.value
                continue
            except Exception as error:
                if procedures[n].gi_frame is None:  # type: ignore[attr-defined]
                    ends[n] = error
                    continue
                answer = error
            turns += 1
            heapq.heappush(queue, (self.now, turns, n, answer))
        return ends

    def starts(self) -> int:
        """How many starts were sent."""
        return self.sent.count("/component/run-pipeline")

    def _answer(self, step: Step) -> Any:
        match step:
            case Pause(seconds):
                self.now += seconds
                return self.now
            case BlockingCall(function):
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
            entries = [_entry(*entry) for since, *entry in reversed(self.logs) if since <= self.now]
            return {"pipeline_log": entries[: int(call.query["limit"])]}
        if call.path == "/component/run-pipeline":
            if self.on_start is not None:
                self.on_start(self)
            return {"pipeline_id": "flow"}
        if call.path == "/search/search-datasets-for-project":
            return {"datasets": self.datasets, "limit_warning": ""}
        raise AssertionError(f"unexpected call {call.path}")


def _entry(log_id: str, status: str, user: str = USER) -> dict[str, str]:
    return {"log_id": log_id, "status": status, "user": user, "timestamp": "1715274391", "message": ""}


@pytest.fixture(autouse=True)
def _own_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Simulated clocks begin at 0 each, and do not share turns."""
    monkeypatch.setattr(polling, "BUDGET", polling.RateLimiter())


@pytest.fixture(autouse=True)
def _own_history(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is known about earlier runs."""
    monkeypatch.setattr(history, "user_cache_path", lambda *args, **kwargs: tmp_path)


@pytest.fixture
def flow() -> ScriptedFlow:
    return ScriptedFlow()


@pytest.fixture
def started() -> RunState:
    """A run that was started when the log's newest entry was "before"."""
    return RunState("app", "flow", "Forecast", "before", phase="started", user=USER)
