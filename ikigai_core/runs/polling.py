"""Intervals for polling runs: short at first, then a fixed fraction of the run's age, up to a maximum, with jitter.

So the delay in noticing a run's end is at most that fraction of its duration. The first looks come sooner than later
ones, since many runs take a fraction of a second, on the local platform above all.

All runs that a process follows share one
budget of requests per second, for all clients. If the budget is used up, requests wait in a queue. The queue is first
come, first served, and each run has at most one request in it. So a run with a short interval waits as long as one with
a long interval, and no run waits longer than one round of all others.
"""

from __future__ import annotations

import os
import random
import threading

from ikigai_core.errors import ConfigurationError
from ikigai_core.forks import renew_after_fork
from ikigai_core.procedure import Procedure, pause

SHORTEST = 0.42
"""Shortest interval in seconds, except for the first requests."""

_FIRST, _GROWTH = 0.1, 0.5
LONGEST = 30.0
FRACTION = 0.049
JITTER = 0.03

RATE = 100.0
RATE_VARIABLE = "IKIGAI_POLLING_RATE"
_BURST = 0.1


def interval(age: float) -> float:
    """Seconds until the next look at a run.

    Parameters
    ----------
    age : float
        Seconds since following began.
    """
    return min(max(shortest(age), FRACTION * age), LONGEST) * random.uniform(1 - JITTER, 1)


def shortest(age: float) -> float:
    """Shortest interval for a run of this age, in seconds."""
    return min(_FIRST + _GROWTH * age, SHORTEST)


class RateLimiter:
    """Limits the requests per second of all followers in a process. Thread-safe.

    Parameters
    ----------
    rate : float, default 100
        Requests per second, in total.
    """

    def __init__(self, rate: float = RATE) -> None:
        if not rate > 0:
            raise ConfigurationError(f"A polling rate of {rate!r} allows no look: it is a number of requests a second.")
        self.rate = rate
        self._free_at = 0.0
        self._lock = threading.Lock()
        renew_after_fork(self)

    def after_fork(self) -> None:
        """Wait for no thread of the parent process. The child's budget is its own."""
        self._lock = threading.Lock()

    def reserve(self, now: float) -> float:
        """Reserve the next free slot for one request, and return the seconds until then.

        Parameters
        ----------
        now : float
            Seconds, on the clock that all followers use.
        """
        with self._lock:
            begins = max(self._free_at, now)
            self._free_at = begins + 1 / self.rate
        # Shorter pauses cost more than they help.
        return begins - now if begins - now > _BURST else 0.0


def _rate() -> float:
    given = os.environ.get(RATE_VARIABLE) or RATE
    try:
        return float(given)
    except ValueError:
        raise ConfigurationError(f"{RATE_VARIABLE} is {given!r}: expected a number of requests a second.") from None


BUDGET = RateLimiter(_rate())
"""The budget of this process. `IKIGAI_POLLING_RATE` in the environment, or its attribute `rate`, sets the limit."""


def consume(now: float) -> None:
    """Take a request from the budget without waiting."""
    BUDGET.reserve(now)


def acquire(now: float, deadline: float | None = None) -> Procedure[float]:
    """Wait until the budget allows another request, and return the time. Never waits beyond the deadline."""
    queue = BUDGET.reserve(now)
    return (yield from pause(_until(deadline, now, queue))) if queue else now


def next_look(now: float, seconds: float, deadline: float | None = None) -> Procedure[float]:
    """Wait for the interval, then for the budget, before the next look at a run. Return the time.

    Parameters
    ----------
    now, seconds : float
    deadline : float, optional
        End of the wait, on the drivers' clock. It is never exceeded.
    """
    now = yield from pause(_until(deadline, now, seconds))
    return (yield from acquire(now, deadline))


def _until(deadline: float | None, now: float, seconds: float) -> float:
    return seconds if deadline is None else min(seconds, max(deadline - now, 0.01))
