"""The recorded app among the examples, replayed for a DAG."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from airflow.sdk import DAG

from airflow_provider_ikigai.operators.flow_run import IkigaiRunFlowOperator
from ikigai_core.local.account import LocalAccount

RECORDING = Path(__file__).parents[2] / "examples" / "recordings" / "late_flights"


def test_a_dag_runs_a_recorded_flow(run_dag: Callable[..., Any], ikigai_local: LocalAccount) -> None:
    app = ikigai_local.replay(RECORDING, only=True)
    with DAG("recorded", schedule=None) as dag:
        IkigaiRunFlowOperator(task_id="run", app=app.name, flow="Late flights", variables={"output": "late today"})
    ran = run_dag(dag)
    assert ran.state == "success", ran.log
    assert app.datasets["late today"].df()["minutes_late"].min() >= 60
    assert "recorded late_flights" in app.flows["Late flights"].run_logs()[0].data
