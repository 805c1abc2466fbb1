"""How often a run is asked after: quick at first, then a fixed fraction of its age, up to a cap, with jitter.

So the delay in noticing a run's end is bounded by that fraction of its duration. A process that follows many runs has
one budget of requests a second: where it is used up, all its intervals are stretched alike.
"""

from __future__ import annotations

import random
import threading
from collections.abc import Generator
from contextlib import contextmanager

SHORTEST = 0.2
LONGEST = 30.0
FRACTION = 0.05
JITTER = 0.1


class PollingBudget:
    """The requests a second that all followers of a process share.

    Parameters
    ----------
    rate : float, default 100
        Looks a second, all together. A look is one request, but for a run's last one, which is two.
    """

    def __init__(self, rate: float = 100.0) -> None:
        self.rate = rate
        self._followers = 0
        self._lock = threading.Lock()

    @contextmanager
    def share(self) -> Generator[None]:
        """Take part in the budget for as long as a run is followed."""
        with self._lock:
            self._followers += 1
        try:
            yield
        finally:
            with self._lock:
                self._followers -= 1

    def interval(self, age: float, left: float | None = None) -> float:
        """Seconds until the next look at a run.

        Parameters
        ----------
        age : float
            Seconds since the following began.
        left : float, optional
            Seconds until the deadline, never overslept.
        """
        quiet = min(max(SHORTEST, FRACTION * age), LONGEST)
        seconds = max(quiet, self._followers / self.rate) * random.uniform(1 - JITTER, 1 + JITTER)
        return seconds if left is None else min(seconds, max(left, 0.01))


BUDGET = PollingBudget()
"""The process's own."""
