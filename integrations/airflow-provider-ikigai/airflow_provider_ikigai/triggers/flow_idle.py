"""Waits in the triggerer for a flow that runs to be idle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from airflow_provider_ikigai.conditions import idle
from airflow_provider_ikigai.triggers.polling import PollingTrigger

if TYPE_CHECKING:
    from ikigai_core import AsyncApp, AsyncFlow


class IkigaiFlowIdleTrigger(PollingTrigger):
    """Fires once, when a flow does not run, or when the time is up.

    Parameters
    ----------
    flow : str
        Name or id of the flow.
    **arguments
        Those of `PollingTrigger`.
    """

    flow: str
    _found: AsyncFlow | None = None

    def __init__(self, *, flow: str, **arguments: Any) -> None:
        super().__init__(flow=flow, **arguments)

    async def look(self, app: AsyncApp) -> dict[str, Any] | None:
        """The flow, if it is idle."""
        self._found = self._found or await app.flows.find(self.flow)
        return idle(self._found, await self._found.status())
