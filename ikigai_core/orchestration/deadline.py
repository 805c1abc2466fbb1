"""When to stop waiting: one moment for all that a task waits for, also after its process was restarted."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from datetime import timedelta
from typing import Self

from ikigai_core.errors import InvalidInputError, WrongInputTypeError


@dataclass(frozen=True)
class Deadline:
    """A moment, by the clock of the machine, so that it holds in another process and after a restart.

    A task makes one and spends it on everything: on a busy flow, on the run, on what it is told afterwards.

    Attributes
    ----------
    at : float or None
        Seconds since the epoch, a value that JSON takes: ``Deadline(at)`` is the same deadline again. None for as long
        as it takes.

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
        """The deadline that ends after a time from now.

        Parameters
        ----------
        seconds : float, timedelta or None
            None for as long as it takes.
        name : str, default "timeout"
            What the user calls it, for messages.

        Raises
        ------
        WrongInputTypeError
            It is no number of seconds; True and a text are none.
        InvalidInputError
            It is negative or endless.
        """
        if seconds is None:
            return cls()
        length = seconds.total_seconds() if isinstance(seconds, timedelta) else seconds
        _check(name, length)
        return cls(time.time() + length)

    @property
    def left(self) -> float | None:
        """Seconds until then, 0 if it is over; None for as long as it takes. What the client takes as a timeout."""
        return None if self.at is None else max(self.at - time.time(), 0.0)

    @property
    def is_over(self) -> bool:
        """Whether the moment has passed."""
        return self.left == 0.0

    def sooner(self, other: Deadline) -> Deadline:
        """The one of two deadlines that comes first; this one if they are the same."""
        if self.at is None or (other.at is not None and other.at < self.at):
            return other
        return self


def _check(name: str, seconds: object) -> None:
    if isinstance(seconds, bool) or not isinstance(seconds, int | float):
        raise WrongInputTypeError(f"{name} is {seconds!r}: give a number of seconds, or None for as long as it takes.")
    if not 0 <= seconds < math.inf:
        raise InvalidInputError(f"{name} is {seconds!r}: give seconds from 0 on, or None for as long as it takes.")
