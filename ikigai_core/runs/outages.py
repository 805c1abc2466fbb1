"""Tolerate a temporary outage of the platform."""

from __future__ import annotations

from dataclasses import dataclass

from ikigai_core.errors import ApiError, IkigaiError, UnexpectedAnswerError

OUTAGE = 300.0
"""Seconds for which the platform may be unavailable while a run is followed."""


@dataclass
class OutageTracker:
    """Tracks the duration of an outage, and decides whether it is too long.

    Attributes
    ----------
    allowed : float
        Seconds.
    away_since : float or None
        None while the platform answers.
    has_answered : bool
        True if the platform has ever answered.
    """

    allowed: float = OUTAGE
    away_since: float | None = None
    has_answered: bool = False

    def answered(self) -> None:
        """Record that the platform answered."""
        self.away_since, self.has_answered = None, True

    def away(self, now: float) -> float:
        """Seconds since the start of the outage; 0 if there is none."""
        return 0.0 if self.away_since is None else now - self.away_since

    def bears(self, error: IkigaiError, now: float) -> bool:
        """True if the caller should try again later. False if the error is not an outage, or the outage is too long."""
        if not self.is_outage(error):
            return False
        self.away_since = now if self.away_since is None else self.away_since
        return self.away(now) <= self.allowed

    def is_outage(self, error: IkigaiError) -> bool:
        """True if the error means that the platform is temporarily unavailable.

        A web page instead of an answer also means an outage, but only if the platform has answered correctly before.
        Otherwise the address may be wrong.
        """
        return error.transient or (isinstance(error, UnexpectedAnswerError) and self.has_answered)


def asked_to_wait(error: IkigaiError) -> float:
    """Seconds that the platform asked to wait."""
    return (error.retry_after or 0.0) if isinstance(error, ApiError) else 0.0
