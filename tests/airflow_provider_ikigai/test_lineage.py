"""The events that OpenLineage's own listener sends of tasks that ran, also of those that failed."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from airflow.providers.openlineage import conf
from airflow.providers.openlineage.plugins.listener import OpenLineageListener
from airflow.sdk import DAG
from airflow.sdk.listener import get_listener_manager

from airflow_provider_ikigai.naming import app_uri
from airflow_provider_ikigai.operators.dataset import IkigaiDownloadDatasetOperator, IkigaiUploadDatasetOperator
from airflow_provider_ikigai.operators.delete import IkigaiDeleteOperator
from airflow_provider_ikigai.operators.flow import IkigaiEnsureFlowOperator
from airflow_provider_ikigai.operators.flow_run import IkigaiRunFlowOperator
from airflow_provider_ikigai.operators.model import IkigaiEnsureModelOperator
from ikigai_core import Flow

Sent = Callable[[str], dict[str, dict[str, Any]]]


def forget_settings() -> None:
    """OpenLineage reads each of its settings once."""
    for function in vars(conf).values():
        getattr(function, "cache_clear", lambda: None)()


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Sent]:
    """The last event of each task, of one type, from OpenLineage as it is with a transport to a file."""
    path = tmp_path / "events.jsonl"
    transport = {"type": "file", "log_file_path": str(path), "append": True}
    monkeypatch.setenv("AIRFLOW__OPENLINEAGE__TRANSPORT", json.dumps(transport))
    forget_settings()
    listener, manager = OpenLineageListener(), get_listener_manager()
    manager.add_listener(listener)

    def read(event_type: str) -> dict[str, dict[str, Any]]:
        events = [json.loads(line) for line in path.read_text().splitlines()]
        wanted = [event for event in events if event["eventType"] == event_type and "." in event["job"]["name"]]
        return {event["job"]["name"].partition(".")[2]: event for event in wanted}

    yield read
    manager.pm.unregister(listener)
    monkeypatch.undo()
    forget_settings()


def changes(event: dict[str, Any]) -> list[tuple[str, str]]:
    """The names of what was written, and what was done to it."""
    return [(each["name"], each["facets"]["lifecycleStateChange"]["lifecycleStateChange"]) for each in event["outputs"]]


def test_each_operator_tells_what_it_made_and_deleted(
    run_dag: Callable[..., Any], app: str, make_flow: Callable[..., Flow], sent: Sent
) -> None:
    definition = make_flow("result = data").definition().to_dict()
    with DAG("made", schedule=None, default_args={"app": app}) as dag:
        flow = IkigaiEnsureFlowOperator(task_id="flow", flow="Another", definition=definition)
        model = IkigaiEnsureModelOperator(task_id="model", model="delay", model_type="Linear.Lasso")
        gone = IkigaiDeleteOperator(task_id="gone", dataset="numbers")
        flow >> model >> gone
    ran = run_dag(dag)
    assert ran.state == "success", ran.log
    assert {task: changes(event) for task, event in sent("COMPLETE").items()} == {
        "flow": [("flows/Another", "CREATE")],
        "model": [("models/delay", "CREATE")],
        "gone": [("numbers", "DROP")],
    }


@pytest.mark.parametrize("deferrable", [False, True], ids=["on a worker", "deferrable"])
def test_what_fails_tells_its_datasets_and_its_run_too(
    run_dag: Callable[..., Any],
    app: str,
    make_flow: Callable[..., Flow],
    sent: Sent,
    tmp_path: Any,
    deferrable: bool,
) -> None:
    flow = make_flow("raise ValueError('wrong')")
    bad = tmp_path / "a folder"
    bad.mkdir()
    empty = tmp_path / "empty.csv"
    empty.touch()
    with DAG(f"failing_{deferrable}", schedule=None, default_args={"app": app}) as dag:
        IkigaiRunFlowOperator(task_id="run", flow="Scripted", deferrable=deferrable)
        IkigaiDownloadDatasetOperator(task_id="down", dataset="numbers", path=bad)
        IkigaiUploadDatasetOperator(task_id="up", dataset="nothing", path=empty)
    ran = run_dag(dag)
    assert ran.states == dict.fromkeys(("run", "down", "up"), "failed"), ran.log
    events = sent("FAIL")
    told = {
        task: tuple([each["name"] for each in event[side]] for side in ("inputs", "outputs"))
        for task, event in events.items()
    }
    assert told == {"run": (["numbers"], ["worked on"]), "down": (["numbers"], []), "up": ([], ["nothing"])}
    assert events["run"]["run"]["facets"]["externalQuery"]["externalQueryId"] == flow.run_logs()[0].log_id


def test_what_a_run_read_and_wrote_is_sent_with_columns_and_sizes(
    run_dag: Callable[..., Any], app: str, make_flow: Callable[..., Flow], sent: Sent
) -> None:
    make_flow("result = data")
    with DAG("told", schedule=None, default_args={"app": app}) as dag:
        IkigaiRunFlowOperator(task_id="run", flow="Scripted")
    ran = run_dag(dag)
    assert ran.state == "success", ran.log
    event = sent("COMPLETE")["run"]
    [read], [written] = event["inputs"], event["outputs"]
    assert (read["name"], written["name"]) == ("numbers", "worked on")
    assert read["namespace"] == written["namespace"] == app_uri(app)
    columns = [{name: field[name] for name in ("name", "type")} for field in written["facets"]["schema"]["fields"]]
    assert {"name": "value", "type": "NUMERIC"} in columns
    assert written["outputFacets"]["outputStatistics"]["rowCount"] == 3
