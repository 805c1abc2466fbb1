"""A whole app is applied from its document, and a second time nothing changes."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from airflow.sdk import DAG

from airflow_provider_ikigai.operators.app import IkigaiApplyAppOperator
from ikigai_core import Flow, Ikigai


def test_an_app_is_applied_from_a_folder_and_from_a_mapping(
    run_dag: Callable[..., Any], app: str, make_flow: Callable[..., Flow], ikigai_client: Ikigai, tmp_path: Path
) -> None:
    make_flow("result = data")
    document = ikigai_client.app_document(app)
    document.save(tmp_path)
    copy = f"{app} copy"
    with DAG("apply", schedule=None) as dag:
        first = IkigaiApplyAppOperator(task_id="folder", document=tmp_path, app=copy)
        first >> IkigaiApplyAppOperator(task_id="mapping", document=document, app=copy)
    ran = run_dag(dag)
    assert {"action": "create", "kind": "app", "name": copy, "details": []} in ran.results["folder"]["steps"], ran.log
    assert ran.results["mapping"]["steps"] == []
    assert ikigai_client.app_document(copy).flows == document.flows
    ikigai_client.apps[copy].delete()
