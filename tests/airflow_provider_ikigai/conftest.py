"""A real Airflow, with its database and its task runner but no servers, and a real local platform."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

# Airflow reads its settings when it is imported: nothing of the developer's own Airflow may take part.
AIRFLOW_HOME = Path(tempfile.mkdtemp(prefix="airflow-provider-ikigai-"))
(AIRFLOW_HOME / "dags").mkdir()
for name in [name for name in os.environ if name.startswith(("AIRFLOW", "IKIGAI_USER", "IKIGAI_API", "IKIGAI_BASE"))]:
    del os.environ[name]
os.environ.update(
    AIRFLOW_HOME=str(AIRFLOW_HOME),
    AIRFLOW__CORE__DAGS_FOLDER=str(AIRFLOW_HOME / "dags"),
    AIRFLOW__CORE__LOAD_EXAMPLES="False",
    AIRFLOW__CORE__UNIT_TEST_MODE="False",
    AIRFLOW__DATABASE__SQL_ALCHEMY_CONN=f"sqlite:///{AIRFLOW_HOME / 'airflow.db'}",
    AIRFLOW__USAGE_DATA_COLLECTION__ENABLED="False",
    # Where triggers run in the process of their task, nobody has to hear first that it ended.
    AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME="0",
    AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL="0",
)

import pandas as pd  # noqa: E402
import pytest  # noqa: E402
from airflow import settings  # noqa: E402
from airflow.dag_processing.bundles.manager import DagBundlesManager  # noqa: E402
from airflow.dag_processing.dagbag import DagBag, sync_bag_to_db  # noqa: E402
from airflow.models.dagrun import DagRun  # noqa: E402
from airflow.models.taskinstance import clear_task_instances  # noqa: E402
from airflow.sdk import DAG  # noqa: E402
from airflow.sdk.definitions.dag import _run_task  # noqa: E402
from airflow.serialization.serialized_objects import DagSerialization  # noqa: E402
from airflow.utils.db import initdb  # noqa: E402
from airflow.utils.state import DagRunState, TaskInstanceState  # noqa: E402

from ikigai_core import Flow, Ikigai  # noqa: E402
from ikigai_core.local.account import LocalAccount  # noqa: E402
from tests.airflow_provider_ikigai import lean  # noqa: E402

pytest_plugins = ["ikigai_core.local.testing"]
lean.run_lean()


@dataclass(frozen=True)
class Ran:
    """What came of a DAG run."""

    state: str
    states: dict[str, str]
    tries: dict[str, int]
    results: dict[str, Any]
    log: str
    dag_run: DagRun


MIGRATED = AIRFLOW_HOME / "migrated.db"


@pytest.fixture(scope="session", autouse=True)
def airflow_database() -> Iterator[Path]:
    """Airflow's database, made once."""
    initdb()
    with closing(sqlite3.connect(AIRFLOW_HOME / "airflow.db")) as made, closing(sqlite3.connect(MIGRATED)) as copy:
        made.backup(copy)
    DagBundlesManager().sync_bundles_to_db()  # type: ignore[no-untyped-call]
    yield AIRFLOW_HOME / "airflow.db"
    shutil.rmtree(AIRFLOW_HOME, ignore_errors=True)


@pytest.fixture(scope="session")
def migrated_database(airflow_database: Path) -> Path:
    """An empty database of Airflow's, to be copied."""
    return MIGRATED


@pytest.fixture
def connection(ikigai_local: LocalAccount) -> dict[str, Any]:
    """A connection to the local platform, as JSON has it."""
    return {
        "conn_type": "ikigai",
        "host": ikigai_local.url,
        "login": ikigai_local.user_email,
        "password": ikigai_local.api_key,
    }


@pytest.fixture(autouse=True)
def connect(connection: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> Callable[..., None]:
    """The connection ``ikigai_default`` is to the local platform; ``connect(password=…)`` changes it."""

    def change(**fields: Any) -> None:
        monkeypatch.setenv("AIRFLOW_CONN_IKIGAI_DEFAULT", json.dumps({**connection, **fields}))

    change()
    return change


@pytest.fixture
def run_dag(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Runs a DAG to its end, tasks and triggers in this process, retries included."""

    def run(dag: DAG, **arguments: Any) -> Ran:
        bag = DagBag(dag_folder=os.devnull)
        bag.bag_dag(dag)
        sync_bag_to_db(bag, "dags-folder", None)
        capfd.readouterr()
        return ran(dag.test(**arguments), capfd)

    return run


@pytest.fixture
def clear_and_run(capfd: pytest.CaptureFixture[str]) -> Callable[..., Ran]:
    """Clears all tasks of a DAG run that is over, as a user does, and runs it to its end once more."""

    def run(dag: DAG, before: Ran) -> Ran:
        capfd.readouterr()
        session = settings.Session()
        dag_run = session.merge(before.dag_run)
        dag_run.dag = DagSerialization.deserialize_dag(DagSerialization.serialize_dag(dag))
        clear_task_instances(dag_run.get_task_instances(session=session), session, DagRunState.RUNNING)
        session.commit()
        while dag_run.state == DagRunState.RUNNING:
            session.expire_all()
            due, _ = dag_run.update_state(session=session)
            for instance in due:
                instance.try_number += 1
                instance.state = TaskInstanceState.SCHEDULED
            session.commit()
            for instance in due:
                _run_task(ti=instance, task=dag.task_dict[instance.task_id], run_triggerer=True)
        return ran(dag_run, capfd)

    return run


def ran(dag_run: DagRun, capfd: pytest.CaptureFixture[str]) -> Ran:
    """What came of a DAG run that is over."""
    instances = dag_run.get_task_instances()
    return Ran(
        state=str(dag_run.state),
        states={instance.task_id: str(instance.state) for instance in instances},
        tries={instance.task_id: instance.try_number for instance in instances},
        results={instance.task_id: instance.xcom_pull(task_ids=instance.task_id) for instance in instances},
        log="".join(capfd.readouterr()),
        dag_run=dag_run,
    )


@pytest.fixture
def app(ikigai_client: Ikigai) -> str:
    """Name of a new, empty app."""
    return ikigai_client.app.new(f"App {uuid.uuid4().hex[:8]}").build().name


def scripted(script: str) -> dict[str, Any]:
    """A definition document whose one step between ``numbers`` and ``worked on`` is a Python script."""
    return {
        "facets": {
            "numbers": {
                "type": "INPUT.Imported",
                "dataset": "numbers",
                "arguments": {"file_type": "csv", "header": True},
            },
            "work on them": {"type": "MID.Python", "after": "numbers", "arguments": {"script": script}},
            "out": {
                "type": "OUTPUT.Exported",
                "after": "work on them",
                "arguments": {"dataset_name": "worked on", "file_type": "csv", "header": True},
                "variables": {"output": "dataset_name"},
            },
        }
    }


@pytest.fixture
def make_flow(ikigai_client: Ikigai, app: str) -> Callable[..., Flow]:
    """Makes a flow of a Python script, ``Scripted`` unless named otherwise, with numbers to work on."""

    def make(script: str, name: str = "Scripted") -> Flow:
        home = ikigai_client.apps[app]
        home.dataset.new("numbers").df(pd.DataFrame({"name": ["one", "two", "three"], "value": [1, 2, 3]})).ensure()
        return home.flow.new(name).definition(scripted(script)).ensure()

    return make


@pytest.fixture
def requests_sent(ikigai_local: LocalAccount) -> Callable[[], dict[str, int]]:
    """Counts the requests of this provider from here on, by method and path."""

    def ours() -> dict[str, int]:
        by_agent = ikigai_local.control.request_counts()
        return next((counts for agent, counts in by_agent.items() if agent.startswith("airflow-provider-ikigai/")), {})

    ikigai_local.control.reset_request_counts()
    return ours
