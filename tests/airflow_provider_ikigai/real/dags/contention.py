"""Many mapped tasks on few flows, through a line that fails; who runs the DAG says which flow each of them runs."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import Any

from airflow.sdk import DAG, task

from airflow_provider_ikigai.operators.flow_run import IkigaiRunFlowOperator
from ikigai_core.runs import copies, lost_start

# How many times as fast the looks for lost starts are to pass as they do by default.
FASTER = float(os.environ.get("CHAOS_FASTER", "1"))
lost_start.LOOK_FOR /= FASTER
copies._ARMED_LOOK /= FASTER
copies._FENCED_LOOK /= FASTER

with DAG("contention", schedule=None, params={"orders": []}, max_active_tasks=1000):

    @task(retries=8, retry_delay=timedelta(seconds=1))
    def orders(params: dict[str, list[dict[str, Any]]] | None = None) -> list[dict[str, Any]]:
        return list((params or {})["orders"])

    IkigaiRunFlowOperator.partial(
        task_id="run",
        ikigai_conn_id="ikigai_chaos",
        on_busy="wait",
        retries=8,
        retry_delay=timedelta(seconds=1),
    ).expand_kwargs(orders())
