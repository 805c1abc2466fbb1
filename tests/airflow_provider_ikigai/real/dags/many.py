"""Many tasks that defer at the same time; each of them reads this file, so it is small."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk import DAG, BaseOperator, task

from airflow_provider_ikigai.operators.flow_run import IkigaiRunFlowOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

with DAG("many", schedule=None, max_active_tasks=2000, params={"flows": []}):

    @task
    def flows(params: dict[str, list[str]] | None = None) -> list[str]:
        return list((params or {})["flows"])

    IkigaiRunFlowOperator.partial(task_id="run", app="Scenarios", deferrable=True).expand(flow=flows())


class WaitForNothing(BaseOperator):
    """Defers to a trigger of Airflow's own: what the triggerer costs without this provider."""

    def __init__(self, *, seconds: float, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.seconds = seconds

    def execute(self, context: Context) -> None:
        """Wait for a time in the triggerer."""
        self.defer(trigger=TimeDeltaTrigger(timedelta(seconds=self.seconds)), method_name="end")

    def end(self, context: Context, event: object = None) -> None:
        """Be done."""


with DAG("many_waits", schedule=None, max_active_tasks=2000, params={"seconds": []}):

    @task
    def seconds(params: dict[str, list[float]] | None = None) -> list[float]:
        return list((params or {})["seconds"])

    WaitForNothing.partial(task_id="wait").expand(seconds=seconds())
