"""Something that only one starter of a flow holds at a time."""

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
    """What keeps all other starters of a flow out while one of them starts it.

    All starters of the flow have to use it: then a run that is seen while it is held is the holder's own. Its methods
    may block.
    """

    def hold(self) -> bool:
        """Take the lease if it is free; False if somebody else has it. Raise if it cannot be had at all."""
        ...

    def renew(self) -> bool:
        """Keep the lease; False if it was lost at any time since `hold`, so that somebody else may have had it."""
        ...

    def release(self) -> None:
        """Give the lease back. It does not raise: a lease that is not given back ends by itself."""
        ...


class NoLease:
    """The lease of those who have none: everybody gets it, and it proves nothing."""

    def hold(self) -> bool:
        """Let the start go on."""
        return True

    def renew(self) -> bool:
        """It keeps nobody out."""
        return False

    def release(self) -> None:
        """Nothing was taken."""


def holding(
    lease: StartLease, run: RunState, deadline: float | None, steps: Callable[[], Procedure[R]]
) -> Procedure[R]:
    """Do something while a lease is held; it is waited for.

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
        # Nobody performs steps any more. The lease ends by itself.
        raise
    except BaseException:
        yield from call_blocking(lease.release)
        raise
    yield from call_blocking(lease.release)
    return result
