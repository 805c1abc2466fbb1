"""The pace of looks at one run: rare while its end is unlikely, frequent while it is near."""

from __future__ import annotations

import random
from collections.abc import Sequence

from ikigai_core.run_records import FlowStatusReport
from ikigai_core.runs.polling import FRACTION, JITTER, LONGEST, shortest

FRACTION_NEAR = 0.0175
"""Interval near the expected end, as a fraction of the run's age. The mean delay in noticing the end is half of it."""

SHORTEST_NEAR = 0.9
"""Shortest interval in seconds near the expected end."""

_EARLY, _LATE = 0.8, 2.15
"""The end is near from this fraction of the shortest usual duration to this multiple of the longest one."""

_NEARLY_DONE, _OVERDUE = 80, 1.3
"""The end is near from this percentage of progress until the run's age is this multiple of what it was then."""

_PART, _COARSEST = 1 / 25, 3.0
"""Interval of the first looks as a fraction of the expected duration, and its limit in seconds."""

_PRECISION = 0.1
"""Greatest error of a run's duration, as a fraction of it or of the usual one, with which it is kept."""


class Pace:
    """Chooses when to look next at a run, by what is known about its duration.

    Without any knowledge, the interval is a fixed fraction of the run's age (`FRACTION`). The durations of earlier runs
    tell when the end is near, or else the progress does; then the interval is `FRACTION_NEAR` of the age. The requests
    for this are saved while the run is young. A run that takes far longer than usual is treated as an unknown one.

    Parameters
    ----------
    usual : sequence of float
        Durations of earlier runs of this flow in seconds.
    """

    def __init__(self, usual: Sequence[float] = ()) -> None:
        self._usual = usual
        self._progress = 0
        self._nearly_done_at: float | None = None
        self._busy_at: float | None = None

    def note(self, report: FlowStatusReport, age: float) -> None:
        """Take in what a look has shown.

        Parameters
        ----------
        report : FlowStatusReport
        age : float
            Seconds since the run was started.
        """
        if not report.is_idle:
            self._busy_at = age
        self._progress = report.progress or 0
        if self._progress < _NEARLY_DONE:
            self._nearly_done_at = None
        elif self._nearly_done_at is None:
            self._nearly_done_at = age

    def interval(self, age: float) -> float:
        """Seconds until the next look.

        Parameters
        ----------
        age : float
            Seconds since the run was started.
        """
        first = max(shortest(age), min(self._expected(age) * _PART, _COARSEST))
        seconds = max(first, FRACTION * age)
        if self._is_near(age):
            seconds = min(seconds, max(FRACTION_NEAR * age, SHORTEST_NEAR))
        return min(seconds, LONGEST) * random.uniform(1 - JITTER, 1)

    def duration(self, age: float) -> float | None:
        """The run's duration in seconds; None if it is not known well enough, or would not change later runs' pace.

        Parameters
        ----------
        age : float
            Seconds from the start of the run until its end was noticed.
        """
        if self._busy_at is None or (not self._usual and FRACTION * age < SHORTEST_NEAR):
            return None
        unseen = age - self._busy_at
        return age - unseen / 2 if unseen <= _PRECISION * max([age, *self._usual]) else None

    def _is_near(self, age: float) -> bool:
        if self._usual:
            return _EARLY * min(self._usual) <= age <= _LATE * max(self._usual)
        return self._nearly_done_at is not None and age <= _OVERDUE * self._nearly_done_at

    def _expected(self, age: float) -> float:
        """The run's duration in seconds, if it is usual, or if its progress is steady; 0 if nothing is known."""
        if self._usual:
            return min(self._usual)
        # The first percent may be that of a run that reports no progress but its beginning.
        return age * 100 / self._progress if 1 < self._progress < _NEARLY_DONE else 0.0
