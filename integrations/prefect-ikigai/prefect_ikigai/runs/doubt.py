"""How a run ended that may have been another one."""

from __future__ import annotations

from typing import Self

from ikigai_core import RunLog


class DoubtfulRunLog(RunLog):
    """The log of a run that was taken for the one that was asked for, because a guess was wanted.

    Attributes
    ----------
    doubt : str
        Why it may be another run's, in a sentence.
    """

    doubt: str

    @classmethod
    def of(cls, log: RunLog, doubt: str) -> Self:
        """A log, with a doubt about it."""
        return cls.model_construct(**dict(log), doubt=doubt)
