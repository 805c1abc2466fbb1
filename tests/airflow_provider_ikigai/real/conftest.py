"""One whole Airflow for all tests here: scheduler, LocalExecutor, DAG processor, triggerer and API server."""

from __future__ import annotations

import importlib.util
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pandas as pd
import pytest

from ikigai_core import App, Flow, Ikigai
from ikigai_core.local.process import LocalPlatform

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[2] / "examples"
OPTIONS = {
    "AIRFLOW__CORE__PARALLELISM": "4",
    "AIRFLOW__SCHEDULER__SCHEDULER_HEARTBEAT_SEC": "1",
    "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "6",
    # Tasks that start while the machine is busy with other tests must not be given up.
    "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "120",
    "AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "15",
}


def load(path: Path) -> ModuleType:
    """A Python file as a module."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


services = load(HERE / "services.py")


def wait_until(condition: Callable[[], Any], complaint: Callable[[], str], seconds: float = 180.0) -> Any:
    """Wait for something to be true, and return it."""
    deadline = time.monotonic() + seconds
    while not (value := condition()):
        assert time.monotonic() < deadline, complaint()
        time.sleep(0.2)
    return value


class Deployment:
    """An Airflow, the platform that it is connected to, and the app that the scenarios use."""

    def __init__(self, airflow: Any, platform: LocalPlatform, app: App) -> None:
        self.airflow = airflow
        self.api = airflow.api
        self.platform = platform
        self.app = app

    def instances(self, dag_id: str, run_id: str) -> list[dict[str, Any]]:
        """A DAG run's task instances, mapped ones one by one."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances"
        found: list[dict[str, Any]] = []
        while True:
            page = self.api.get(path, limit="100", offset=str(len(found)))
            found += page["task_instances"]
            if len(found) >= page["total_entries"]:
                return found

    def instance(self, dag_id: str, run_id: str, task_id: str = "run") -> dict[str, Any]:
        """A task that is not mapped."""
        (found,) = (one for one in self.instances(dag_id, run_id) if one["task_id"] == task_id)
        return found

    def await_state(self, dag_id: str, run_id: str, *wanted: str, task_id: str = "run", seconds: float = 180) -> Any:
        """Wait for a task to be in one of these states, and return it."""

        def reached() -> Any:
            now = self.instance(dag_id, run_id, task_id)
            assert now["state"] in (*wanted, None, *UNDER_WAY), f"{now}\n{self.log(dag_id, run_id, task_id)}"
            return now if now["state"] in wanted else None

        return wait_until(reached, lambda: str(self.instance(dag_id, run_id, task_id)), seconds)

    def await_success(self, dag_id: str, run_id: str, seconds: float = 240) -> None:
        """Wait for a DAG run to end, and well."""
        states = ("success", "failed")
        state = wait_until(
            lambda: (now := self.api.dag_run_state(dag_id, run_id)) in states and now,
            lambda: str({one["task_id"]: one["state"] for one in self.instances(dag_id, run_id)}),
            seconds,
        )
        bad = [one for one in self.instances(dag_id, run_id) if one["state"] not in ("success", "skipped")]
        assert state == "success", [(one["task_id"], self.log(dag_id, run_id, one["task_id"])) for one in bad[:2]]

    def log(self, dag_id: str, run_id: str, task_id: str = "run", number: int = 1) -> str:
        """What a task logged, in its worker and in the triggerer."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/logs/{number}"
        return str(self.api.get(path, full_content="true")["content"])

    def links(self, dag_id: str, run_id: str, task_id: str = "run") -> dict[str, str]:
        """The task's extra links, as the web pages show them."""
        path = f"/dags/{dag_id}/dagRuns/{run_id}/taskInstances/{task_id}/links"
        return dict(self.api.get(path)["extra_links"])

    def clear(self, dag_id: str, run_id: str) -> None:
        """Clear the task ``run``."""
        wanted = {"dag_run_id": run_id, "task_ids": ["run"], "only_failed": False, "dry_run": False}
        self.api.post(f"/dags/{dag_id}/clearTaskInstances", wanted)

    def run_ids(self, flow: str) -> list[str]:
        """Ids of all runs of a flow that have ended."""
        return [log.log_id for log in self.app.flows[flow].run_logs(100)]

    def result(self, dag_id: str, run_id: str) -> str:
        """Id of the run whose result the task took."""
        return str(self.api.xcom(dag_id, run_id, "run")["run_log"]["log_id"])

    def restart_triggerer(self) -> None:
        """Kill the triggerer with all that it has started, and start another."""
        triggerer = self.airflow.servers["triggerer"]
        for process in (*triggerer.children(recursive=True), triggerer):
            process.kill()
        triggerer.wait()
        self.airflow.start("triggerer")


UNDER_WAY = ("scheduled", "queued", "running", "deferred", "restarting", "up_for_retry", "up_for_reschedule")


def make_flow(app: App, name: str, script: str = "result = data") -> Flow:
    """A flow of a script, whose output a run may name."""
    facets = {
        "numbers": {"type": "INPUT.Imported", "dataset": "numbers", "arguments": {"file_type": "csv", "header": True}},
        "work": {"type": "MID.Python", "after": "numbers", "arguments": {"script": script}},
        "out": {
            "type": "OUTPUT.Exported",
            "after": "work",
            "arguments": {"dataset_name": f"out of {name}", "file_type": "csv", "header": True},
            "variables": {"output": "dataset_name"},
        },
    }
    return app.flow.new(name).definition({"facets": facets}).ensure()


@pytest.fixture(scope="session")
def loop_note(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where it is noted what held up the triggerer's event loop."""
    return tmp_path_factory.mktemp("loop") / "note"


@pytest.fixture(scope="session")
def database() -> Iterator[dict[str, str]]:
    """Airflow's settings for a PostgreSQL of its own; where none is installed, for SQLite."""
    if services.missing("postgres", "initdb"):
        yield {}
        return
    with services.postgresql() as address:
        yield postgresql_settings(address)


@pytest.fixture(scope="session")
def deployment(
    tmp_path_factory: pytest.TempPathFactory, loop_note: Path, database: dict[str, str]
) -> Iterator[Deployment]:
    """Airflow with LocalExecutor and a platform, with the scenarios and the tour deployed."""
    site = tmp_path_factory.mktemp("site")
    shutil.copyfile(HERE / "loop_watch.py", site / "sitecustomize.py")
    options = {**OPTIONS, **database, "PYTHONPATH": str(site), "LOOP_NOTE": str(loop_note)}
    with deployed(tmp_path_factory.mktemp("whole") / "airflow", options) as deployment:
        yield deployment


@contextmanager
def deployed(home: Path, options: dict[str, str], servers: dict[str, list[str]] | None = None) -> Iterator[Deployment]:
    """An Airflow with such settings and such servers besides its usual ones, and a platform of its own."""
    with LocalPlatform.start(workers=2) as platform, Ikigai(**credentials(platform)) as ikigai:
        app = ikigai.app.new("Scenarios").build()
        app.dataset.new("numbers").df(pd.DataFrame({"value": [1, 2, 3]})).build()
        for name in ("on_worker", "deferred", "busy", "pooled", "failing"):
            make_flow(app, name)
        make_flow(app, "outage", "import time\ntime.sleep(8)\nresult = data")
        demo = load(EXAMPLES / "demo" / "run_airflow.py")
        demo.START_SECONDS = 400.0
        demo.SERVERS.update(servers or {})
        with pytest.MonkeyPatch.context() as patch:
            for name, value in platform.environ().items():
                patch.setenv(name, value)
            airflow = demo.Airflow(home, **options)
        dags = airflow.home / "dags"
        demo.deploy(dags)
        shutil.copyfile(HERE / "dags" / "scenarios.py", dags / "scenarios.py")
        shutil.copyfile(EXAMPLES / "airflow_tour.py", dags / "airflow_tour.py")
        with airflow:
            airflow.await_dag("many")
            airflow.await_dag("ikigai_copy_changed")
            airflow.api.post("/pools", {"name": "ikigai_pooled", "slots": 1, "include_deferred": True})
            airflow.api._http.timeout = 120.0
            yield Deployment(airflow, platform, app)


@pytest.fixture(scope="session")
def celery_deployment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Deployment]:
    """Airflow with CeleryExecutor, Redis and PostgreSQL, and a platform; skipped where the packages are missing."""
    if lacking := services.missing("postgres", "initdb", "redis-server"):
        pytest.skip(lacking)
    with services.postgresql() as address, services.redis() as broker:
        options = {
            **OPTIONS,
            **postgresql_settings(address),
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CELERY__BROKER_URL": broker,
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+postgresql://{address}",
        }
        worker = {"celery": ["worker", "--concurrency", "2", "--skip-serve-logs"]}
        with deployed(tmp_path_factory.mktemp("celery") / "airflow", options, worker) as deployment:
            yield deployment


def postgresql_settings(address: str) -> dict[str, str]:
    """Airflow's settings for a PostgreSQL database."""
    return {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{address}",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"postgresql+asyncpg://{address}",
    }


def credentials(platform: LocalPlatform) -> dict[str, str]:
    """The platform's, as the client takes them."""
    return {"user_email": platform.user_email, "api_key": platform.api_key, "base_url": platform.url}


@pytest.fixture(scope="session")
def triggerer_cpu(deployment: Deployment) -> Callable[[], float]:
    """Seconds of CPU time that the triggerer has used."""

    def used() -> float:
        triggerer = deployment.airflow.servers["triggerer"]
        times = [process.cpu_times() for process in (triggerer, *triggerer.children(recursive=True))]
        return sum(one.user + one.system for one in times)

    return used


@pytest.fixture(scope="session")
def follow_many(deployment: Deployment, triggerer_cpu: Callable[[], float]) -> Callable[[int], Callable[[], float]]:
    """Starts a DAG run of so many deferred runs of distinct flows; what it returns waits for their end and checks them.

    That in turn returns the share of a core that the triggerer took.
    """

    def start(count: int) -> Callable[[], float]:
        names = [f"one of {count}: {number}" for number in range(count)]
        flows = [deployment.app.flow.new(name).build() for name in names]
        for number, name in enumerate(names):
            deployment.platform.control.outcome(name, duration=5 + 10 * number / count)
        began, cpu = time.monotonic(), triggerer_cpu()
        run_id = deployment.api.trigger("many", {"flows": names})

        def end() -> float:
            deployment.await_success("many", run_id, seconds=60 + 3 * count)
            states = [one["state"] for one in deployment.instances("many", run_id)]
            assert states == ["success"] * (count + 1)
            assert {len(flow.run_logs(5)) for flow in flows} == {1}
            return (triggerer_cpu() - cpu) / (time.monotonic() - began)

        return end

    return start


@pytest.fixture(scope="session")
def eventually() -> Callable[..., Any]:
    """Waits for something to be true, and returns it."""

    def wait(condition: Callable[[], Any], complaint: str = "it never was", seconds: float = 120.0) -> Any:
        return wait_until(condition, lambda: complaint, seconds)

    return wait


@pytest.fixture(scope="session")
def held_up(loop_note: Path) -> Callable[[], list[tuple[float, float, str]]]:
    """Steps of triggers that held up the triggerer's event loop for more than 50 ms: CPU and elapsed ms, and whose.

    CPU time counts: on a machine that does other things besides, time passes without it.
    """

    def found() -> list[tuple[float, float, str]]:
        lines = loop_note.read_text().splitlines() if loop_note.exists() else []
        steps = [(float(cpu), float(elapsed), whose) for cpu, elapsed, whose in (line.split(" ", 2) for line in lines)]
        return [step for step in steps if step[0] > 50 and "run_trigger" in step[2]]

    return found
