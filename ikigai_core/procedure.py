"""Procedures: calls and pauses in an order, written once for the sync and the async driver.

A procedure is a generator that yields steps and receives their answers. It does no I/O. An error of a step is raised
inside the procedure, at its ``yield``. The procedure may handle it, clean up with further steps, or let it propagate.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

from ikigai_core.errors import BadRequestError, IkigaiError, NotFoundError

if TYPE_CHECKING:
    from ikigai_core.api.call import Call

A = TypeVar("A")
R = TypeVar("R")


class Step:
    """One action of a driver for a procedure: a request, a pause, a blocking call, a part of a transfer."""


Procedure = Generator[Step, Any, R]


@dataclass(frozen=True)
class Pause(Step):
    """Wait. The answer is the time in seconds on a monotonic clock."""

    seconds: float


@dataclass(frozen=True)
class BlockingCall(Step):
    """Call a function that may block (files, conversions) or that the caller supplied. The answer is its result.

    The async driver awaits coroutine functions, and runs all other functions in a thread. If such a function returns an
    awaitable, the driver awaits that too. The sync driver refuses an awaitable.
    """

    function: Callable[[], Any | Awaitable[Any]]


class ProcessingTimeout(Step):
    """Ask for the client's `processing_timeout`. The answer is in seconds."""


def send(call: Call[A]) -> Procedure[A]:
    """Send a call and return its answer, typed."""
    answer: A = yield call
    return answer


def send_once(call: Call[A], deadline: float | None = None) -> Procedure[A]:
    """Send a call without the transport's own retries, for callers that try again themselves.

    Parameters
    ----------
    call : Call
    deadline : float, optional
        The answer must have arrived by then, on the drivers' clock.
    """
    answer: A = yield replace(call, retried=False, deadline=deadline)
    return answer


def send_removal(call: Call[Any]) -> Procedure[None]:
    """Send a call that takes something away. If an answer is lost and a repetition finds nothing left, it is done."""
    try:
        yield from send_once(call)
        return
    except IkigaiError as error:
        if not error.transient:
            raise
    try:
        yield from send(call)
    except (NotFoundError, BadRequestError):
        return


def pause(seconds: float) -> Procedure[float]:
    """Wait, and return the time afterwards (seconds, monotonic)."""
    now: float = yield Pause(seconds)
    return now


def processing_timeout() -> Procedure[float]:
    """The client's setting: seconds that the platform may take to check or prepare data."""
    seconds: float = yield ProcessingTimeout()
    return seconds


def call_blocking(function: Callable[[], A]) -> Procedure[A]:
    """Call a function that may block, and return its result."""
    result: A = yield BlockingCall(function)
    return result
