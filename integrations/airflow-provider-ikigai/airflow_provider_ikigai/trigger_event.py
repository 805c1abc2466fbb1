"""The events of triggers that wait for a state of the platform, in a common format."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import TYPE_CHECKING, Any

from airflow.sdk.exceptions import AirflowFailException

from airflow_provider_ikigai.failures import task_failure

if TYPE_CHECKING:
    from ikigai_core.errors import IkigaiError


@dataclass(frozen=True)
class WaitEvent:
    """The end of a wait for a state.

    Attributes
    ----------
    found : dict or None
        The sensor's result; None if the state was not reached.
    is_timeout : bool
        True if the time limit ended the wait.
    message : str
        The error; empty if there was none.
    transient : bool
        Whether the same task may succeed later, unchanged.
    """

    found: dict[str, Any] | None = None
    is_timeout: bool = False
    message: str = ""
    transient: bool = False

    @classmethod
    def failure(cls, error: IkigaiError) -> WaitEvent:
        """The platform refused a request."""
        return cls(message=str(error), transient=error.transient)

    @classmethod
    def from_event(cls, event: Mapping[str, Any] | None) -> WaitEvent:
        """Read the event of a trigger. Fields that a later release added are ignored.

        Raises
        ------
        AirflowFailException
            The event is empty, so it is not known whether the condition was met.
        """
        known = {field.name for field in fields(cls)}
        waited = cls(**{name: value for name, value in (event or {}).items() if name in known})
        if waited == cls():
            raise AirflowFailException(f"The trigger's event does not say how the wait ended: {event!r}")
        return waited

    def to_event(self) -> dict[str, Any]:
        """The payload of a trigger's event: plain JSON, without secrets."""
        return asdict(self)

    def raise_failure(self) -> None:
        """Raise the error of the trigger, if there was one."""
        if self.message:
            raise task_failure(self.message, transient=self.transient)
