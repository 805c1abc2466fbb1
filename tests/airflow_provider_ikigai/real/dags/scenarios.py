"""What the tests on a whole Airflow run."""

from __future__ import annotations

from datetime import timedelta

from airflow.sdk import DAG, task

from airflow_provider_ikigai.hooks.ikigai import IkigaiHook
from airflow_provider_ikigai.operators.flow_run import IkigaiRunFlowOperator

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
        variables=[{"output": f"part {number}"} for number in range(2)]
    )

# Each has a copy of its own: side by side, with no pool and no waiting.
with DAG("copied", schedule=None, default_args=RETRYING):
    IkigaiRunFlowOperator.partial(task_id="run", flow="copied", isolation="copy", deferrable=True).expand(
        variables=[{"output": f"copied {number}"} for number in range(3)]
    )

with DAG("indiscreet", schedule=None):

    @task
    def tell() -> None:
        import os

        with IkigaiHook().get_conn():
            print("the connection is", os.environ["AIRFLOW_CONN_IKIGAI_DEFAULT"])  # noqa: T201

    tell()
