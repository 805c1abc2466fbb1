"""What OpenLineage's own extraction finds in a task that ran, also in one that failed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from airflow.providers.openlineage.extractors.manager import ExtractorManager
from airflow.sdk import DAG
from airflow.utils.state import TaskInstanceState

from airflow_provider_ikigai import lineage
from airflow_provider_ikigai.operators.dataset import IkigaiDownloadDatasetOperator, IkigaiUploadDatasetOperator
from airflow_provider_ikigai.operators.delete import IkigaiDeleteOperator
from airflow_provider_ikigai.operators.flow import IkigaiEnsureFlowOperator
from airflow_provider_ikigai.operators.flow_run import IkigaiRunFlowOperator
from airflow_provider_ikigai.operators.model import IkigaiEnsureModelOperator
from ikigai_core import Flow


@pytest.fixture
def extracted(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Where the callbacks note what is found, by task."""
    monkeypatch.setattr(lineage, "is_wanted", lambda: True)
    return {}


def noting(found: dict[str, Any]) -> dict[str, Any]:
    """Callbacks that have OpenLineage's manager look at a task, as its listener does."""

    def look(state: TaskInstanceState) -> Callable[[Any], None]:
        def callback(context: Any) -> None:
            task, ti = context["task"], context["ti"]
            found[task.task_id] = ExtractorManager().extract_metadata(context["dag_run"], task, state, ti)

        return callback

    return {
        "on_success_callback": look(TaskInstanceState.SUCCESS),
        "on_failure_callback": look(TaskInstanceState.FAILED),
    }


def changes(written: Any) -> list[tuple[str, str]]:
    """The names of what was written, and what was done to it."""
    done = [each.facets.get("lifecycleStateChange") for each in written.outputs]
    names = [each.name for each in written.outputs]
    return [(name, change.lifecycleStateChange.name) for name, change in zip(names, done, strict=True)]


def test_each_operator_tells_what_it_made_and_deleted(
    run_dag: Callable[..., Any], app: str, make_flow: Callable[..., Flow], extracted: dict[str, Any]
) -> None:
    definition = make_flow("result = data").definition().to_dict()
    with DAG("made", schedule=None, default_args={"app": app, **noting(extracted)}) as dag:
        flow = IkigaiEnsureFlowOperator(task_id="flow", flow="Another", definition=definition)
        model = IkigaiEnsureModelOperator(task_id="model", model="delay", model_type="Linear.Lasso")
        gone = IkigaiDeleteOperator(task_id="gone", dataset="numbers")
        flow >> model >> gone
    ran = run_dag(dag)
    assert ran.state == "success", ran.log
    assert {task: changes(found) for task, found in extracted.items()} == {
        "flow": [("flows/Another", "CREATE")],
        "model": [("models/delay", "CREATE")],
        "gone": [("numbers", "DROP")],
    }


@pytest.mark.parametrize("deferrable", [False, True], ids=["on a worker", "deferrable"])
def test_what_fails_tells_its_datasets_and_its_run_too(
    run_dag: Callable[..., Any],
    app: str,
    make_flow: Callable[..., Flow],
    extracted: dict[str, Any],
    tmp_path: Any,
    deferrable: bool,
) -> None:
    flow = make_flow("raise ValueError('wrong')")
    bad = tmp_path / "a folder"
    bad.mkdir()
    empty = tmp_path / "empty.csv"
    empty.touch()
    with DAG(f"failing_{deferrable}", schedule=None, default_args={"app": app, **noting(extracted)}) as dag:
        IkigaiRunFlowOperator(task_id="run", flow="Scripted", deferrable=deferrable)
        IkigaiDownloadDatasetOperator(task_id="down", dataset="numbers", path=bad)
        IkigaiUploadDatasetOperator(task_id="up", dataset="nothing", path=empty)
    ran = run_dag(dag)
    assert ran.states == dict.fromkeys(("run", "down", "up"), "failed"), ran.log
    told = {
        task: ([each.name for each in found.inputs], [each.name for each in found.outputs])
        for task, found in extracted.items()
    }
    assert told == {"run": (["numbers"], ["worked on"]), "down": (["numbers"], []), "up": ([], ["nothing"])}
    assert extracted["run"].run_facets["externalQuery"].externalQueryId == flow.run_logs()[0].log_id
