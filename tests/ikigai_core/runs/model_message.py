"""A call on its way to the platform and back, and all that may become of it there."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from ikigai_core.api.call import Call
from ikigai_core.errors import (
    AnswerLostError,
    ApiError,
    ConnectionFailedError,
    IkigaiError,
    RateLimitedError,
    ServerError,
    UnexpectedAnswerError,
)
from ikigai_core.transport.retry import may_repeat

from .model_faults import CALL_FAULTS, PROCESS_FAULTS, Fault

if TYPE_CHECKING:
    from .model_world import Process

_WEIGHTY = ("run-pipeline", "create-pipeline", "edit-pipeline", "delete-pipeline")
_ATTEMPTS, _ELAPSED = 6, 60.0
Heard = Callable[[Any, IkigaiError | None], None]


class Message:
    """A call of a process; sent again as the transport does.

    Parameters
    ----------
    process : Process
    call : Call
    attempt : int, default 1
    began : float, optional
        When it was sent first.
    """

    def __init__(self, process: Process, call: Call[Any], attempt: int = 1, began: float | None = None) -> None:
        self._process, self._call, self._attempt = process, call, attempt
        self._world, self._tape = process.world, process.world.tape
        self._began = self._world.now if began is None else began
        self._is_confirmed = process.is_confirmed

    def send(self) -> None:
        """Send it, and let happen what the tape says."""
        world = self._world
        is_weighty = self._call.path.endswith(_WEIGHTY)
        fault = world.fault(self._process, world.possible(*CALL_FAULTS, *PROCESS_FAULTS), is_weighty=is_weighty)
        if fault is None and world.now < world.away_until:
            fault = "unreachable"
        if fault is None or fault in ("slow", "slow answer"):
            self._go_through(fault)
        elif fault in PROCESS_FAULTS:
            self._lose_the_process(fault)
        elif fault in ("failed after", "lost after", "garbled", "held"):
            self._lose_the_answer(fault)
        else:
            self._get_lost(fault)

    def _go_through(self, fault: Fault | None) -> None:
        before = self._tape.choose(2.0, 12.0, 40.0) if fault == "slow" else 0.0
        after = self._tape.choose(2.0, 20.0, 50.0) if fault == "slow answer" else 0.0
        self._arrive(before + self._tape.latency(), lambda answer, error: self._answer(after + 0.01, answer, error))

    def _lose_the_process(self, fault: Fault) -> None:
        if fault == "stopped before":
            self._process.stop(self.send)
        elif fault == "stopped after":
            self._arrive(0.1, lambda *told: self._process.stop(lambda: self._answer(0.01, *told)))
        else:
            if fault != "killed before":
                self._arrive(0.1 if fault == "killed after" else self._lateness(), _unheard)
            self._process.kill()

    def _lose_the_answer(self, fault: Fault) -> None:
        if fault == "held":
            self._arrive(self._lateness(), _unheard)
            self._fail(self._tape.choose(0.1, 60.0), AnswerLostError("lost"))
            return
        seconds = self._tape.choose(0.1, 60.0) if fault == "lost after" else 0.5
        errors = {"lost after": AnswerLostError("lost"), "garbled": UnexpectedAnswerError("cut off")}
        error = errors.get(fault) or self._refusal(ServerError, 503)
        self._arrive(0.1, lambda *_: self._fail(seconds, error))

    def _get_lost(self, fault: Fault) -> None:
        world = self._world
        if fault == "outage":
            world.away_until = max(world.away_until, world.now + self._tape.choose(3.0, 40.0, 200.0, 900.0))
        if fault == "lost before":
            self._fail(self._tape.choose(0.1, 60.0), AnswerLostError("lost"))
        elif fault == "turned away":
            self._fail(0.01, self._refusal(RateLimitedError, 429, self._tape.choose(1.0, 30.0)))
        elif fault == "failed before":
            self._fail(0.5, self._refusal(ServerError, 503))
        else:
            self._fail(0.01, ConnectionFailedError("away"))

    def _lateness(self) -> float:
        return self._tape.choose(5.0, 20.0, 45.0, 100.0, 600.0)

    def _arrive(self, seconds: float, then: Heard) -> None:
        def arrive() -> None:
            if self._call.path.endswith("run-pipeline"):
                self._world.start_arrives(self._process, is_confirmed=self._is_confirmed)
            then(*self._world.arrived(self._call))

        self._world.at(seconds, arrive)

    def _fail(self, seconds: float, error: IkigaiError) -> None:
        self._answer(seconds, None, error)

    def _answer(self, seconds: float, answer: Any, error: IkigaiError | None) -> None:
        self._world.at(seconds, lambda: self._heard(answer, error))

    def _heard(self, answer: Any, error: IkigaiError | None) -> None:
        process, call, now = self._process, self._call, self._world.now
        is_patient = call.retried and self._attempt < _ATTEMPTS and now - self._began < _ELAPSED
        if error is None or not is_patient or not may_repeat(error, repeatable=call.repeatable):
            process.go(answer, error)
            return
        again = Message(process, call, self._attempt + 1, self._began)
        seconds = max(0.5 * 2**self._attempt, getattr(error, "retry_after", None) or 0.0)
        self._world.at(seconds, lambda: again.send() if process.is_alive else None)

    def _refusal(self, kind: type[ApiError], status: int, retry_after: float | None = None) -> ApiError:
        call = self._call
        return kind("failed", status=status, method=call.method, path=call.path, retry_after=retry_after)


def _unheard(*_: Any) -> None:
    """Nobody hears the answer."""
