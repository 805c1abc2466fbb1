"""One deadline for everything that a task waits for, also after a restart of its process."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from ikigai_core.errors import InvalidInputError, WrongInputTypeError


@dataclass(frozen=True)
class Deadline:
    """A point in time on the machine's clock, so that it is valid in another process and after a restart.

    A task creates one deadline and uses it for everything: a busy flow, the run, and the requests afterwards.

    Attributes
    ----------
    at : float or None
        Seconds since the epoch, which can be stored as JSON: ``Deadline(at)`` restores the deadline. None for no
        limit.

    Examples
    --------
    >>> deadline = Deadline.after(None)
    >>> deadline.left is None
    True
    >>> Deadline.after(0).is_over
    True
    """

    at: float | None = None

    def __post_init__(self) -> None:
        if self.at is not None:
            _check("The deadline", self.at)

    @classmethod
    def after(cls, seconds: float | timedelta | None, name: str = "timeout") -> Self:
        """The deadline that is a given time from now.

        Parameters
        ----------
        seconds : float, timedelta or None
            None for no limit.
        name : str, default "timeout"
            The user's name for it, for messages.

        Raises
        ------
        WrongInputTypeError
            The value is not a number of seconds. True and a string are not numbers.
        InvalidInputError
            The value is negative or infinite.
        """
        if seconds is None:
            return cls()
        length = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
        _check(name, length)
        return cls(time.time() + length)

    @property
    def left(self) -> float | None:
        """Remaining seconds, 0 if the deadline is over, None for no limit. Can be used as a timeout of the client."""
        return None if self.at is None else max(self.at - time.time(), 0.0)

    @property
    def is_over(self) -> bool:
        """True if the deadline has passed."""
        return self.left == 0.0

    def sooner(self, other: Deadline) -> Deadline:
        """The earlier of two deadlines; this one if they are the same."""
        if self.at is None or (other.at is not None and other.at < self.at):
            return other
        return self


def _check(name: str, seconds: object) -> None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise WrongInputTypeError(f"{name} is {seconds!r}: give a number of seconds, or None for as long as it takes.")
    if not 0 <= seconds < math.inf:
        raise InvalidInputError(f"{name} is {seconds!r}: give seconds from 0 on, or None for as long as it takes.")
