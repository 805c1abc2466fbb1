"""A run is followed once, on a real Airflow whose triggerer is killed, and again when the task is cleared."""

from __future__ import annotations

import importlib.util
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil  # type: ignore[import-untyped, unused-ignore]
import pytest

from ikigai_core import Flow
from ikigai_core.local.account import LocalAccount

DEMO = Path(__file__).parents[2] / "examples" / "demo" / "run_airflow.py"

DAG_FILE = """
from airflow.sdk import DAG
from airflow_provider_ikigai.operators.flow_run import IkigaiRunFlowOperator

with DAG("scripted", schedule=None):
    IkigaiRunFlowOperator(task_id="run", app={app!r}, flow="Scripted", deferrable=True)
"""


def load(path: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def await_deferral(api: Any, run_id: str) -> None:
    await_state(lambda: api.task_states("scripted", run_id)["run"], "deferred")


def await_success(api: Any, run_id: str) -> str:
    """Wait for the DAG run's end; return the id of the flow run's log."""
    await_state(lambda: api.dag_run_state("scripted", run_id), "success")
    return str(api.xcom("scripted", run_id, "run")["run_log"]["log_id"])


def await_state(current: Callable[[], str | None], wanted: str) -> None:
    deadline = time.monotonic() + 120
    while (state := current()) != wanted:
        assert state != "failed"
        assert time.monotonic() < deadline, f"it is {state}, not {wanted}"
        time.sleep(0.1)


def kill(server: psutil.Popen) -> None:
    for process in (*server.children(recursive=True), server):
        process.kill()
    server.wait()


# As all tests that start a whole Airflow, save for the one of the demo.
@pytest.mark.soak
@pytest.mark.timeout(300)
def test_a_deferred_task_outlives_its_triggerer_and_runs_again_when_cleared(
    app: str,
    make_flow: Callable[..., Flow],
    ikigai_local: LocalAccount,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    flow = make_flow("import time\ntime.sleep(6)\nresult = data")
    for name, value in ikigai_local.environ().items():
        monkeypatch.setenv(name, value)
    airflow = load(DEMO).Airflow(
        tmp_path / "airflow",
        AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC="1",
        AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD="6",
    )
    (airflow.home / "dags" / "scripted.py").write_text(DAG_FILE.format(app=app))
    with airflow:
        airflow.await_dag("scripted")
        run_id = airflow.api.trigger("scripted", {})
        await_deferral(airflow.api, run_id)
        kill(airflow.servers["triggerer"])
        airflow.start("triggerer")
        first = await_success(airflow.api, run_id)
        assert [log.log_id for log in flow.run_logs(10)] == [first]

        clear = {"dag_run_id": run_id, "task_ids": ["run"], "only_failed": False, "dry_run": False}
        airflow.api.post("/dags/scripted/clearTaskInstances", clear)
        second = await_success(airflow.api, run_id)
        assert [log.log_id for log in flow.run_logs(10)] == [second, first]
