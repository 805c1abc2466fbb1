"""The sensor that waits for a dataset's data."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from airflow.sdk import BaseOperatorLink

from airflow_provider_ikigai.conditions import updated
from airflow_provider_ikigai.links import IkigaiDatasetLink
from airflow_provider_ikigai.sensors.base import IkigaiBaseSensor
from airflow_provider_ikigai.triggers.dataset_updated import IkigaiDatasetUpdatedTrigger
from ikigai_core.errors import NotFoundError

if TYPE_CHECKING:
    from airflow.sdk import Context

    from ikigai_core import App, Ikigai


class IkigaiDatasetUpdatedSensor(IkigaiBaseSensor):
    """Wait until a dataset has been changed since a point of time.

    Parameters
    ----------
    app : str
        Name or id of the app that holds the dataset.
    dataset : str
        Name or id of the dataset. The sensor also waits for a dataset that does not exist yet.
    since : str or datetime
        The point of time. A string is in ISO 8601 or a template, such as ``{{ dag_run.run_after }}``.
    **kwargs
        Those of `IkigaiBaseSensor`.

    Returns
    -------
    dict
        As XCom: ``app_id``, ``dataset_id``, ``dataset`` (its name), ``size`` (bytes) and ``modified_at``.
    """

    template_fields: Sequence[str] = (*IkigaiBaseSensor.template_fields, "dataset", "since")
    operator_extra_links: Collection[BaseOperatorLink] = (*IkigaiBaseSensor.operator_extra_links, IkigaiDatasetLink())

    def __init__(self, *, dataset: str, since: str | datetime, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.dataset = dataset
        self.since = since

    def look(self, context: Context, ikigai: Ikigai, app: App) -> dict[str, Any] | None:
        """The dataset, if it has been changed since."""
        since = self._point_of_time("since")
        try:
            dataset = app.datasets.find(self.dataset)
        except NotFoundError:
            return None
        IkigaiDatasetLink().push(context, dataset)
        return updated(dataset, since)

    def trigger(self, deadline: float | None) -> IkigaiDatasetUpdatedTrigger:
        """Return the trigger that waits in the triggerer."""
        return IkigaiDatasetUpdatedTrigger(
            app=self.app,
            dataset=self.dataset,
            since=self._point_of_time("since").isoformat(),
            ikigai_conn_id=self.ikigai_conn_id,
            poll_interval=self.poke_interval,
            deadline=deadline,
        )
