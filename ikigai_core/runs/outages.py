"""Bearing with a platform that is away for a while."""

from __future__ import annotations

from dataclasses import dataclass

from ikigai_core.errors import ApiError, IkigaiError, UnexpectedAnswerError

OUTAGE = 300.0
"""Seconds for which the platform may be away while a run is followed."""


@dataclass
class OutageTracker:
    """Knows for how long the platform has been away, and whether that is too long.

    Attributes
    ----------
    allowed : float
        Seconds.
    away_since : float or None
        None while the platform answers.
    has_answered : bool
        Whether it ever did.
    """

    allowed: float = OUTAGE
    away_since: float | None = None
    has_answered: bool = False

    def answered(self) -> None:
        """Note that the platform is there."""
        self.away_since, self.has_answered = None, True

    def away(self, now: float) -> float:
        """Seconds for which it has not answered."""
        return 0.0 if self.away_since is None else now - self.away_since

    def bears(self, error: IkigaiError, now: float) -> bool:
        """Whether to ask again later. Where not, the error is no outage, or the outage has lasted for too long."""
        if not self.is_outage(error):
            return False
        self.away_since = now if self.away_since is None else self.away_since
        return self.away(now) <= self.allowed

    def is_outage(self, error: IkigaiError) -> bool:
        """Whether an error means that the platform is away for now.

        A web page in place of an answer is an outage's too, but only of a platform that has answered properly before:
        otherwise the address may be wrong.
        """
        return error.transient or (isinstance(error, UnexpectedAnswerError) and self.has_answered)


def asked_to_wait(error: IkigaiError) -> float:
    """Seconds for which the platform asked to be left alone."""
    return (error.retry_after or 0.0) if isinstance(error, ApiError) else 0.0
