"""Time stamps: whole seconds since the epoch, sent as text."""

from __future__ import annotations

import math
import time


def now() -> int:
    """Return the current second."""
    return int(time.time())


def after_now(*, spare: int = 0) -> int:
    """Return the first whole second that is strictly later than now, and `spare` seconds on top.

    Clients look for log entries later than their own clock, which has fractions: an entry stamped with the current
    second would look older than the request that caused it.
    """
    return math.floor(time.time()) + 1 + spare
