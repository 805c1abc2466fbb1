"""The log of a run whose identity is not proven."""

from __future__ import annotations

from typing import Self

from ikigai_core import RunLog


class DoubtfulRunLog(RunLog):
    """The log of a run that is probably the requested one, returned for ``on_doubt="accept"``.

    Attributes
    ----------
    doubt : str
        Why the log may belong to another run, in one sentence.
    """

    doubt: str

    @classmethod
    def of(cls, log: RunLog, doubt: str) -> Self:
        """Copy a log and add a doubt."""
        return cls.model_construct(**dict(log), doubt=doubt)
