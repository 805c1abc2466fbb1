"""Waits in the triggerer for the end of a flow's run, no matter who started it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_ikigai.conditions import RECENT_RUNS, ended
from airflow_provider_ikigai.triggers.polling import PollingTrigger

if TYPE_CHECKING:
    from ikigai_core import AsyncApp, AsyncFlow


class IkigaiFlowEndedTrigger(PollingTrigger):
    """Fires once, when a run of a flow has ended since a point of time, or when the time is up.

    Parameters
    ----------
    flow : str
        Name or id of the flow.
    since : str
        The point of time, in ISO 8601 with a time zone.
    **arguments
        Those of `PollingTrigger`.
    """

    flow: str
    since: str
    _found: AsyncFlow | None = None

    def __init__(self, *, flow: str, since: str, **arguments: Any) -> None:
        super().__init__(flow=flow, since=since, **arguments)

    async def look(self, app: AsyncApp) -> dict[str, Any] | None:
        """The first run that has ended since, if there is one."""
        self._found = self._found or await app.flows.find(self.flow)
        depth, since = RECENT_RUNS, datetime.fromisoformat(self.since)
        while len(logs := await self._found.run_logs(depth, since)) == depth:
            # The first one may be further back.
            depth *= 10
        return ended(self._found, logs)
