"""Timestamps: whole seconds since the epoch, sent as strings."""

from __future__ import annotations

import math
import time


def now() -> int:
    """Return the current second."""
    return int(time.time())


def after_now(*, spare: int = 0) -> int:
    """Return the first whole second strictly after now, plus `spare` seconds.

    Clients look for log entries later than their own clock, which has fractions of a second. An entry with the current
    second would seem older than the request that caused it.
    """
    return math.floor(time.time()) + 1 + spare
