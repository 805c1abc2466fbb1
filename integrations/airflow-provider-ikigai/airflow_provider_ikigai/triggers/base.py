"""What all triggers of this provider share."""

from __future__ import annotations

from typing import Any, ClassVar

from airflow.sdk.exceptions import AirflowFailException
from airflow.triggers.base import BaseTrigger


class VersionedTrigger(BaseTrigger):
    """A trigger whose arguments carry a version, so that a later release picks up what an earlier one deferred.

    Parameters
    ----------
    version : int, default 1
        The form of the arguments. Those of the first release carried none.
    **arguments
        What else the trigger is made of, each kept as an attribute.
    """

    current_version: ClassVar[int] = 1

    def __init__(self, *, version: int = 1, **arguments: Any) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        if version > self.current_version:
            raise AirflowFailException(
                f"{type(self).__name__} was deferred by a later release of airflow-provider-ikigai: "
                "upgrade it where the triggerer runs."
            )
        self._arguments = tuple(arguments)
        self.__dict__.update(arguments)

    def serialize(self) -> tuple[str, dict[str, Any]]:
        """What another triggerer needs to go on; the connection is told by its id."""
        arguments = {name: getattr(self, name) for name in self._arguments}
        return f"{type(self).__module__}.{type(self).__qualname__}", {"version": self.current_version, **arguments}
