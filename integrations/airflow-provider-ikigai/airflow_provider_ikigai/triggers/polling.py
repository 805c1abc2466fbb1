"""The base of triggers that poll the platform until a condition holds."""

from __future__ import annotations

from abc import abstractmethod
from contextlib import aclosing
from typing import TYPE_CHECKING, Any

from airflow_provider_ikigai.hooks.ikigai import IkigaiAsyncHook
from airflow_provider_ikigai.trigger_event import WaitEvent
from airflow_provider_ikigai.triggers.base import TaskTrigger
from ikigai_core.errors import IkigaiError
from ikigai_core.polling import snapshots

if TYPE_CHECKING:
    from ikigai_core import AsyncApp


class PollingTrigger(TaskTrigger):
    """Fires once, when the condition holds or when the time limit is reached.

    Parameters
    ----------
    app : str
        Name or id of the app.
    ikigai_conn_id : str
        Connection of type ``ikigai``.
    poll_interval : float, default 10
        Seconds between two looks, a tenth more or less.
    deadline : float or None, default None
        When to give up, in seconds since the epoch: absolute, so that a restart of the triggerer grants no more time.
    version : int, default 1
        The form of these arguments.
    **arguments
        What else the trigger is made of.
    """

    app: str
    ikigai_conn_id: str
    poll_interval: float
    deadline: float | None

    def __init__(
        self,
        *,
        app: str,
        ikigai_conn_id: str,
        poll_interval: float = 10.0,
        deadline: float | None = None,
        version: int = 1,
        **arguments: Any,
    ) -> None:
        super().__init__(
            version=version,
            app=app,
            ikigai_conn_id=ikigai_conn_id,
            poll_interval=poll_interval,
            deadline=deadline,
            **arguments,
        )

    @abstractmethod
    async def look(self, app: AsyncApp) -> dict[str, Any] | None:
        """Return the sensor's result, or None if the trigger has to wait longer."""

    async def awaited(self) -> dict[str, Any]:
        """Look until the condition holds, and return a `WaitEvent` as an event."""
        return (await self._wait_event()).to_event()

    async def _wait_event(self) -> WaitEvent:
        try:
            async with IkigaiAsyncHook(self.ikigai_conn_id).shared_conn() as ikigai:
                app: AsyncApp | None = None

                async def look() -> dict[str, Any] | None:
                    nonlocal app
                    app = app or await ikigai.apps.find(self.app)
                    return await self.look(app)

                async with aclosing(snapshots(look, self.poll_interval, deadline=self.deadline)) as shown:
                    async for found in shown:
                        if found is not None:
                            return WaitEvent(found)
        except IkigaiError as error:
            return WaitEvent.failure(error)
        return WaitEvent(is_timeout=True)
