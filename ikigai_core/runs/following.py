"""The settings for following a run."""

from __future__ import annotations

from dataclasses import dataclass
from types import NoneType

from ikigai_core.errors import InvalidInputError
from ikigai_core.runs.outages import OUTAGE
from ikigai_core.runs.reports import OnUpdate
from ikigai_core.validation import check_type


@dataclass(frozen=True)
class Following:
    """The settings for following a run.

    Attributes
    ----------
    timeout : float, optional
        Seconds from now; None waits without a limit.
    poll : float, optional
        Seconds between requests; None adapts to the run's age.
    on_update : callable, optional
        Called after each change of status or progress.
    outage : float, default 300
        Seconds for which the platform may be unavailable without ending the wait.
    """

    timeout: float | None = None
    poll: float | None = None
    on_update: OnUpdate | None = None
    outage: float = OUTAGE

    def __post_init__(self) -> None:
        for name, value in (("timeout", self.timeout), ("poll", self.poll), ("outage", self.outage)):
            check_type(value, (int, float, NoneType), name, "a number of seconds")
        for name, value, is_usable in (
            ("timeout", self.timeout, self.timeout is None or self.timeout >= 0),
            ("poll", self.poll, self.poll is None or self.poll > 0),
            ("outage", self.outage, self.outage >= 0),
        ):
            if not is_usable:
                raise InvalidInputError(f"{name} is {value!r}: expected a positive number of seconds.")
