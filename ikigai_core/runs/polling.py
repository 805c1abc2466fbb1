"""How often a run is asked after: quick at first, then a fixed fraction of its age, up to a cap, with jitter.

So the delay in noticing a run's end is bounded by that fraction of its duration. A process that follows many runs has
one budget of requests a second, whatever clients it follows them with: where it is used up, looks queue for their turn.
The queue is first come, first served, and no run has more than one look in it: a run that is asked after often waits no
less than one that is asked after seldom, and none waits longer than all others take together.
"""

from __future__ import annotations

import os
import random
import threading

from ikigai_core.errors import ConfigurationError
from ikigai_core.procedure import Procedure, pause

SHORTEST = 0.42
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
        Seconds since the following began.
    """
    return min(max(SHORTEST, FRACTION * age), LONGEST) * random.uniform(1 - JITTER, 1)


class RateLimiter:
    """The requests a second that all followers of a process share. Threads may share one.

    Parameters
    ----------
    rate : float, default 100
        Requests a second, all together.
    """

    def __init__(self, rate: float = RATE) -> None:
        if not rate > 0:
            raise ConfigurationError(f"A polling rate of {rate!r} allows no look: it is a number of requests a second.")
        self.rate = rate
        self._free_at = 0.0
        self._lock = threading.Lock()

    def reserve(self, now: float) -> float:
        """Take a place in the queue for one request, and return the seconds until it is its turn.

        Parameters
        ----------
        now : float
            Seconds, on the clock that the other followers go by.
        """
        with self._lock:
            begins = max(self._free_at, now)
            self._free_at = begins + 1 / self.rate
        # Pauses that are shorter than this cost more than they spread.
        return begins - now if begins - now > _BURST else 0.0


def _rate() -> float:
    given = os.environ.get(RATE_VARIABLE) or RATE
    try:
        return float(given)
    except ValueError:
        raise ConfigurationError(f"{RATE_VARIABLE} is {given!r}: expected a number of requests a second.") from None


BUDGET = RateLimiter(_rate())
"""The process's own. `IKIGAI_POLLING_RATE` in the environment, or its `rate`, sets how much it allows."""


def consume(now: float) -> None:
    """Take a request out of the budget without waiting for it."""
    BUDGET.reserve(now)


def acquire(now: float, deadline: float | None = None) -> Procedure[float]:
    """Wait until the budget allows another request, and return the time; a deadline is never overslept."""
    queue = BUDGET.reserve(now)
    return (yield from pause(_until(deadline, now, queue))) if queue else now


def next_look(now: float, seconds: float, deadline: float | None = None) -> Procedure[float]:
    """Wait so many seconds, and for one's turn, before a run is looked at again; return the time.

    Parameters
    ----------
    now, seconds : float
    deadline : float, optional
        When the waiting ends, on the drivers' clock; never overslept.
    """
    now = yield from pause(_until(deadline, now, seconds))
    return (yield from acquire(now, deadline))


def _until(deadline: float | None, now: float, seconds: float) -> float:
    return seconds if deadline is None else min(seconds, max(deadline - now, 0.01))
