"""How often a run is asked after: quick at first, then a fixed fraction of its age, up to a cap, with jitter.

So the delay in noticing a run's end is bounded by that fraction of its duration.
"""

from __future__ import annotations

import random

SHORTEST = 0.2
LONGEST = 30.0
FRACTION = 0.05
JITTER = 0.1


def interval(age: float, left: float | None = None) -> float:
    """Seconds until the next look.

    Parameters
    ----------
    age : float
        Seconds since the following began.
    left : float, optional
        Seconds until the deadline, never overslept.
    """
    seconds = min(max(SHORTEST, FRACTION * age), LONGEST) * random.uniform(1 - JITTER, 1 + JITTER)
    return seconds if left is None else min(seconds, max(left, 0.01))
