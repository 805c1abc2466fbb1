"""What the tests on a whole Airflow run."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from airflow.providers.standard.triggers.temporal import TimeDeltaTrigger
from airflow.sdk import DAG, BaseOperator, task

from airflow_provider_ikigai.hooks.ikigai import IkigaiHook
from airflow_provider_ikigai.operators.flow_run import IkigaiRunFlowOperator

if TYPE_CHECKING:
    from airflow.sdk import Context

APP = "Scenarios"
RETRYING = {"app": APP, "retries": 2, "retry_delay": timedelta(seconds=1)}

with DAG("on_worker", schedule=None, default_args=RETRYING):
    IkigaiRunFlowOperator(task_id="run", flow="on_worker", deferrable=False)

with DAG("deferred", schedule=None, default_args=RETRYING):
    IkigaiRunFlowOperator(task_id="run", flow="deferred", deferrable=True)

with DAG("cleared", schedule=None, default_args=RETRYING):
    IkigaiRunFlowOperator(task_id="run", flow="cleared", deferrable=True, on_busy="wait")

with DAG("outage", schedule=None, default_args=RETRYING):
    IkigaiRunFlowOperator(task_id="run", flow="outage", deferrable=True)

with DAG("failing", schedule=None, default_args=RETRYING):
    IkigaiRunFlowOperator(task_id="run", flow="failing", deferrable=True)

with DAG("busy", schedule=None, default_args=RETRYING):
    IkigaiRunFlowOperator(task_id="run", flow="busy", deferrable=True, on_busy="wait")

# One slot, which deferred tasks keep: one run after the other, each with an output of its own.
with DAG("pooled", schedule=None, default_args=RETRYING):
    IkigaiRunFlowOperator.partial(task_id="run", flow="pooled", deferrable=True, pool="ikigai_pooled").expand(
        variables=[{"output": f"part {number}"} for number in range(3)]
    )

# Each has a copy of its own: side by side, with no pool and no waiting.
with DAG("copied", schedule=None, default_args=RETRYING):
    IkigaiRunFlowOperator.partial(task_id="run", flow="copied", isolation="copy", deferrable=True).expand(
        variables=[{"output": f"copied {number}"} for number in range(6)]
    )

with DAG("many", schedule=None, max_active_tasks=2000, params={"flows": []}):

    @task
    def flows(params: dict[str, list[str]] | None = None) -> list[str]:
        return list((params or {})["flows"])

    IkigaiRunFlowOperator.partial(task_id="run", app=APP, deferrable=True).expand(flow=flows())


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


with DAG("indiscreet", schedule=None):

    @task
    def tell() -> None:
        import os

        with IkigaiHook().get_conn():
            print("the connection is", os.environ["AIRFLOW_CONN_IKIGAI_DEFAULT"])  # noqa: T201

    tell()
