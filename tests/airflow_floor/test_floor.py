"""The provider on the oldest Airflow that it supports, which lacks what 3.3 brought; in an environment of its own."""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import pkgutil
import tempfile
from importlib.resources import files
from types import SimpleNamespace
from typing import Any

os.environ.update(AIRFLOW_HOME=tempfile.mkdtemp(prefix="airflow-floor-"), AIRFLOW__CORE__LOAD_EXAMPLES="False")

import airflow
import pandas as pd
import pytest
from airflow.sdk import DAG, AssetWatcher, task
from airflow.sdk.exceptions import AirflowFailException, TaskDeferred

import airflow_provider_ikigai
from airflow_provider_ikigai.assets import dataset_asset
from airflow_provider_ikigai.get_provider_info import get_provider_info
from airflow_provider_ikigai.operators.dataset import IkigaiUploadDatasetOperator
from airflow_provider_ikigai.operators.flow import IkigaiEnsureFlowOperator
from airflow_provider_ikigai.operators.flow_run import IkigaiRunFlowOperator
from airflow_provider_ikigai.sensors.flow import IkigaiFlowIdleSensor, IkigaiFlowRunSensor
from airflow_provider_ikigai.triggers.events import IkigaiDatasetChangedTrigger, IkigaiFlowRunFinishedTrigger
from ikigai_core.local.account import LocalAccount

pytestmark = pytest.mark.soak
pytest_plugins = ["ikigai_core.local.testing"]

DEFINITION = {
    "facets": {
        "numbers": {"type": "INPUT.Imported", "dataset": "numbers", "arguments": {"file_type": "csv", "header": True}},
        "out": {
            "type": "OUTPUT.Exported",
            "after": "numbers",
            "arguments": {"dataset_name": "copied", "file_type": "csv", "header": True},
        },
    }
}


@pytest.fixture
def context(ikigai_local: LocalAccount, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """A task's context as this Airflow has it: without a state store."""
    connection = {"conn_type": "ikigai", "host": ikigai_local.url, "login": ikigai_local.user_email}
    monkeypatch.setenv("AIRFLOW_CONN_IKIGAI_DEFAULT", json.dumps({**connection, "password": ikigai_local.api_key}))
    pushed: dict[str, Any] = {}
    ti = SimpleNamespace(max_tries=0, xcom_push=lambda key, value: pushed.update({key: value}))
    return {"ti": ti, "outlet_events": {}, "pushed": pushed}


def test_this_is_the_floor() -> None:
    assert airflow.__version__.startswith("3.2.")


def test_everything_imports_and_is_declared_as_this_airflow_wants_it() -> None:
    import jsonschema  # type: ignore[import-untyped, unused-ignore]

    names = [info.name for info in pkgutil.walk_packages(airflow_provider_ikigai.__path__, "airflow_provider_ikigai.")]
    assert len(names) > 25
    for name in names:
        importlib.import_module(name)
    jsonschema.validate(
        get_provider_info(), json.loads(files("airflow").joinpath("provider_info.schema.json").read_text())
    )


def test_a_dag_with_watchers_and_decorators_is_made() -> None:
    trigger = IkigaiDatasetChangedTrigger(app="An app", dataset="numbers")
    asset = dataset_asset("An app", "numbers", watchers=[AssetWatcher(name="changed", trigger=trigger)])
    with DAG("decorated", schedule=[asset]) as dag:

        @task.ikigai_upload(app="An app", dataset="numbers")
        def numbers() -> Any:
            return None

        numbers()
    assert dag.task_ids == ["numbers"]


def test_data_go_up_and_a_flow_is_built_and_run_on_a_worker_and_in_the_triggerer(context: Any) -> None:
    numbers = pd.DataFrame({"value": [1, 2]})
    IkigaiUploadDatasetOperator(task_id="up", app="Floor", dataset="numbers", data=numbers, create_app=True).execute(
        context
    )
    IkigaiEnsureFlowOperator(task_id="ensure", app="Floor", flow="Copy", definition=DEFINITION).execute(context)
    result = IkigaiRunFlowOperator(task_id="run", app="Floor", flow="Copy", deferrable=False).execute(context)
    assert (result["outputs"], result["run_log"]["status"]) == (["copied"], "SUCCESS")
    assert context["pushed"]["_link_IkigaiFlowRunLink"].endswith(result["run_log"]["log_id"])

    deferring = IkigaiRunFlowOperator(task_id="run", app="Floor", flow="Copy", deferrable=True)
    with pytest.raises(TaskDeferred) as deferred:
        deferring.execute(context)
    event = asyncio.run(first(deferred.value.trigger))
    later = deferring.execute_complete(context, event)
    assert later["run_log"]["log_id"] != result["run_log"]["log_id"]
    assert IkigaiFlowIdleSensor(task_id="idle", app="Floor", flow="Copy").poke(context).is_done
    since = "2020-01-01"
    assert IkigaiFlowRunSensor(task_id="ran", app="Floor", flow="Copy", since=since).poke(context).xcom_value
    with pytest.raises(AirflowFailException, match="There is no flow 'Cop'"):
        IkigaiFlowIdleSensor(task_id="idle", app="Floor", flow="Cop").poke(context)


def test_a_watcher_looks_for_itself(context: Any, ikigai_client: Any) -> None:
    flow = ikigai_client.app.new("Watched").ensure().flow.new("Watched").ensure()
    trigger = IkigaiFlowRunFinishedTrigger(
        app="Watched", flow="Watched", statuses=["SUCCESS", "FAILED"], poll_interval=0.2
    )

    async def told() -> Any:
        waiting = asyncio.ensure_future(first(trigger))
        while not waiting.done():
            await asyncio.to_thread(flow.run)
            await asyncio.sleep(0.5)
        return await waiting

    assert asyncio.run(told())["flow"] == "Watched"


async def first(trigger: Any) -> Any:
    return (await anext(trigger.run())).payload
