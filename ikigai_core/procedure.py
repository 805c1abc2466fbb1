"""Procedures: several calls and pauses in an order, written once and driven by a sync and an async driver.

A procedure is a generator that yields steps and is told their answers. It does no I/O. What a step raises is raised
inside the procedure, at its ``yield``: it may handle it, clean up with further steps, or let it pass to the caller.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeVar

if TYPE_CHECKING:
    from ikigai_core.api.call import Call

A = TypeVar("A")
R = TypeVar("R")


class Step:
    """One thing that a driver does for a procedure: a request, a pause, a blocking call, a part of a transfer."""


Procedure = Generator[Step, Any, R]


@dataclass(frozen=True)
class Pause(Step):
    """Wait; the answer is the time, in seconds, on a clock that only goes forward."""

    seconds: float


@dataclass(frozen=True)
class BlockingCall(Step):
    """Do something that may block (files, conversions) or that belongs to the caller; the answer is what it returns.

    The async driver awaits coroutine functions and runs everything else in a thread; it awaits whatever awaitable that
    returns. The sync driver refuses an awaitable.
    """

    function: Callable[[], Any | Awaitable[Any]]


def send(call: Call[A]) -> Procedure[A]:
    """Send a call and return its answer, typed."""
    answer: A = yield call
    return answer


def send_once(call: Call[A]) -> Procedure[A]:
    """Send a call without the transport's own retries: for those who come back anyway."""
    answer: A = yield replace(call, retried=False)
    return answer


def pause(seconds: float) -> Procedure[float]:
    """Wait, and return the time afterwards (seconds, monotonic)."""
    now: float = yield Pause(seconds)
    return now


def call_blocking(function: Callable[[], A]) -> Procedure[A]:
    """Do something that may block and return what it returns."""
    result: A = yield BlockingCall(function)
    return result
