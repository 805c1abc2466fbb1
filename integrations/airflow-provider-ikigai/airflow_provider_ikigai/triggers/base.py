"""The base of all triggers of this provider."""

from __future__ import annotations

import asyncio
import time
from abc import abstractmethod
from collections.abc import AsyncIterator
from typing import Any, ClassVar

from airflow.sdk import conf
from airflow.sdk.exceptions import AirflowFailException
from airflow.triggers.base import BaseTrigger, TriggerEvent


class VersionedTrigger(BaseTrigger):
    """A trigger whose arguments have a version, so that a later release can continue what an earlier one deferred.

    Parameters
    ----------
    version : int, default 1
        The version of the arguments. Those of the first release have none.
    **arguments
        All other arguments. Each becomes an attribute.
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
        """Return what another triggerer needs to continue. Of the connection, only the id is stored."""
        arguments = {name: getattr(self, name) for name in self._arguments}
        return f"{type(self).__module__}.{type(self).__qualname__}", {"version": self.current_version, **arguments}


class TaskTrigger(VersionedTrigger):
    """A trigger for deferred tasks. It fires once, and not before Airflow can handle the event.

    A worker may notice only after ``[workers] min_heartbeat_interval`` that the process of a task that deferred has
    ended. The scheduler takes a task that is queued again before it has heard of that for one that failed: "finished
    with state success, but the task instance's state attribute is queued". No trigger can see whether it has heard. So
    the event waits until a worker has noticed in any case, and the scheduler has gone round.
    """

    @abstractmethod
    async def awaited(self) -> dict[str, Any]:
        """Wait, and return the event's payload."""

    async def run(self) -> AsyncIterator[TriggerEvent]:
        """Yield one event when the wait is over and Airflow can handle it."""
        began = time.monotonic()
        payload = await self.awaited()
        await asyncio.sleep(max(0.0, began + earliest_event() - time.monotonic()))
        yield TriggerEvent(payload)  # type: ignore[no-untyped-call]


def earliest_event() -> float:
    """Return the seconds after which Airflow can handle the event of a deferred task."""
    rounds = 3 * conf.getfloat("scheduler", "scheduler_idle_sleep_time", fallback=1.0)
    return conf.getfloat("workers", "min_heartbeat_interval", fallback=5.0) + rounds
