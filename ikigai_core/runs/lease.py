"""A lock that only one starter of a flow holds at a time."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Protocol, TypeVar, runtime_checkable

from ikigai_core.errors import FlowBusyError
from ikigai_core.procedure import Procedure, call_blocking, pause
from ikigai_core.runs.durations import spoken
from ikigai_core.runs.state import RunState

R = TypeVar("R")


@runtime_checkable
class StartLease(Protocol):
    """A lock that excludes all other starters of a flow during a start.

    All starters of the flow must use it. Then a run that appears while it is held belongs to the holder. Its methods
    may block.
    """

    def hold(self) -> bool:
        """Take the lease if it is free. False if somebody else holds it. Raise if it cannot be obtained at all."""
        ...

    def renew(self) -> bool:
        """Extend the lease. False if it was lost at any time since `hold`, so that somebody else may have held it."""
        ...

    def release(self) -> None:
        """Give the lease back. Never raises: a lease that is not given back expires."""
        ...


class NoLease:
    """The default without a lease: it excludes nobody and proves nothing."""

    def hold(self) -> bool:
        """Allow the start."""
        return True

    def renew(self) -> bool:
        """Return False: it excludes nobody."""
        return False

    def release(self) -> None:
        """Do nothing."""


def holding(
    lease: StartLease, run: RunState, deadline: float | None, steps: Callable[[], Procedure[R]]
) -> Procedure[R]:
    """Run steps while the lease is held; wait for the lease first.

    Raises
    ------
    FlowBusyError
        Somebody else held the lease until the deadline.
    """
    began = now = yield from pause(0)
    while not (yield from call_blocking(lease.hold)):
        if deadline is not None and now >= deadline:
            raise FlowBusyError(
                f"Flow {run.flow_name!r} was being started by somebody else for {spoken(now - began)}. Try again later."
            )
        now = yield from pause(random.uniform(0.2, 1.0))
    try:
        result = yield from steps()
    except GeneratorExit:
        # The procedure was closed, so no further steps can run. The lease expires.
        raise
    except BaseException:
        yield from call_blocking(lease.release)
        raise
    yield from call_blocking(lease.release)
    return result
