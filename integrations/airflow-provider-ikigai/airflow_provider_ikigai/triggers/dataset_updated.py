"""Waits in the triggerer for a dataset's data to be updated."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow_provider_ikigai.conditions import updated
from airflow_provider_ikigai.triggers.polling import PollingTrigger
from ikigai_core.errors import NotFoundError

if TYPE_CHECKING:
    from ikigai_core import AsyncApp


class IkigaiDatasetUpdatedTrigger(PollingTrigger):
    """Fires once, when a dataset has been changed since a point of time, or when the time is up.

    Parameters
    ----------
    dataset : str
        Name or id of the dataset; the trigger also waits for a dataset that does not exist yet.
    since : str
        The point of time, in ISO 8601 with a time zone.
    **arguments
        Those of `PollingTrigger`.
    """

    dataset: str
    since: str

    def __init__(self, *, dataset: str, since: str, **arguments: Any) -> None:
        super().__init__(dataset=dataset, since=since, **arguments)

    async def look(self, app: AsyncApp) -> dict[str, Any] | None:
        """The dataset, if it has been changed since."""
        try:
            dataset = await app.datasets.find(self.dataset)
        except NotFoundError:
            return None
        return updated(dataset, datetime.fromisoformat(self.since))
