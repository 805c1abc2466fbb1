"""One whole Airflow for all tests here: scheduler, LocalExecutor, DAG processor, triggerer and API server."""

from __future__ import annotations

import importlib.util
import json
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from cryptography.fernet import Fernet

from ikigai_core import Ikigai
from ikigai_core.local.process import LocalPlatform
from tests.airflow_provider_ikigai.real import documented
from tests.airflow_provider_ikigai.real.servers import Servers
from tests.chaos.proxy import FaultingProxy

HERE = Path(__file__).parent
EXAMPLES = HERE.parents[2] / "examples"
OPTIONS = {
    # The documented DAGs leave it at the default; one that a schedule starts may come before the API server.
    "AIRFLOW__CORE__DEFAULT_TASK_RETRY_DELAY": "1",
    "AIRFLOW__CORE__PARALLELISM": "4",
    "AIRFLOW__DAG_PROCESSOR__MIN_FILE_PROCESS_INTERVAL": "3600",
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "0.5",
    "AIRFLOW__TRIGGERER__JOB_HEARTBEAT_SEC": "1",
    "AIRFLOW__TRIGGERER__TRIGGERER_HEALTH_CHECK_THRESHOLD": "6",
    # Tasks that start while the machine is busy with other tests must not be given up.
    "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "120",
}

QUICK = {"AIRFLOW__WORKERS__MIN_HEARTBEAT_INTERVAL": "2"}
"""Shorter than by default: the provider's events wait for that time. The soak has the default."""

AS_BY_DEFAULT = {
    "AIRFLOW__CORE__PARALLELISM": "12",
    "AIRFLOW__SCHEDULER__SCHEDULER_IDLE_SLEEP_TIME": "1",
    "AIRFLOW__WORKERS__EXECUTION_API_TIMEOUT": "120",
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
deployments = load(HERE / "deployment.py")


@pytest.fixture(autouse=True)
def connect() -> None:
    """Each deployment here has a platform and connections of its own."""


@pytest.fixture
def demo() -> ModuleType:
    """The program with which ``make demo`` runs the example on an Airflow."""
    return load(EXAMPLES / "demo" / "run_airflow.py")


@pytest.fixture(scope="session")
def loop_note(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where it is noted what held up the triggerer's event loop."""
    return tmp_path_factory.mktemp("loop") / "note"


@pytest.fixture(scope="session")
def deployment(tmp_path_factory: pytest.TempPathFactory, loop_note: Path, migrated_database: Path) -> Iterator[Any]:
    """Airflow with LocalExecutor on SQLite, and a platform, with the scenarios and the tour deployed."""
    home = tmp_path_factory.mktemp("whole") / "airflow"

    def copy_database() -> None:
        shutil.copyfile(migrated_database, home / "airflow.db")
        with sqlite3.connect(home / "airflow.db") as connection:
            # Who reads does not keep others from writing.
            connection.execute("PRAGMA journal_mode=WAL")

    options = {**OPTIONS, **QUICK, "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}?timeout=60"}
    with deployed(home, options, loop_note, migrate=copy_database, forks=True) as deployment:
        yield deployment


@pytest.fixture(scope="session")
def large_deployment(tmp_path_factory: pytest.TempPathFactory, loop_note: Path) -> Iterator[Any]:
    """The same on PostgreSQL; skipped where that is missing."""
    skip_without("postgres", "initdb")
    with services.postgresql() as address:
        home = tmp_path_factory.mktemp("large") / "airflow"
        with deployed(home, {**OPTIONS, **postgresql_settings(address)}, loop_note) as deployment:
            yield deployment


@pytest.fixture(scope="session")
def celery_deployment(tmp_path_factory: pytest.TempPathFactory, loop_note: Path) -> Iterator[Any]:
    """Airflow with CeleryExecutor, Redis and PostgreSQL, and a platform; skipped where the packages are missing."""
    skip_without("postgres", "initdb", "redis-server")
    with services.postgresql() as address, services.redis() as broker:
        options = {
            **OPTIONS,
            **postgresql_settings(address),
            "AIRFLOW__CORE__EXECUTOR": "CeleryExecutor",
            "AIRFLOW__CELERY__BROKER_URL": broker,
            "AIRFLOW__CELERY__RESULT_BACKEND": f"db+postgresql+psycopg2://{address}",
        }
        worker = {"celery": ["worker", "--concurrency", "2", "--skip-serve-logs"]}
        with deployed(tmp_path_factory.mktemp("celery") / "airflow", options, loop_note, servers=worker) as deployment:
            yield deployment


@pytest.fixture(scope="session")
def chaos_deployment(tmp_path_factory: pytest.TempPathFactory, loop_note: Path) -> Iterator[Any]:
    """Airflow on PostgreSQL as it is by default, but for what a small machine needs; skipped where that is missing."""
    skip_without("postgres", "initdb")
    with services.postgresql() as address:
        options = {**postgresql_settings(address), **AS_BY_DEFAULT}
        with deployed(tmp_path_factory.mktemp("chaos") / "airflow", options, loop_note) as deployment:
            yield deployment


@contextmanager
def deployed(
    home: Path,
    options: dict[str, str],
    loop_note: Path,
    *,
    servers: dict[str, list[str]] | None = None,
    migrate: Callable[[], None] | None = None,
    forks: bool = False,
) -> Iterator[Any]:
    """An Airflow with such settings and such servers besides its usual ones, and a platform of its own."""
    with (
        ExitStack() as stack,
        LocalPlatform.start(workers=2) as platform,
        Ikigai(user_email=platform.user_email, api_key=platform.api_key, base_url=platform.url) as ikigai,
        FaultingProxy(platform.url) as proxy,
    ):
        demo = load(EXAMPLES / "demo" / "run_airflow.py")
        demo.START_SECONDS = 800.0
        demo.SERVERS.update(servers or {})
        site = home.parent / "site"
        with pytest.MonkeyPatch.context() as patch:
            for name, value in platform.environ().items():
                patch.setenv(name, value)
            own = {
                # Where there is none, each server that starts in an empty home makes one.
                "AIRFLOW__CORE__FERNET_KEY": Fernet.generate_key().decode(),
                "AIRFLOW_CONN_IKIGAI_CHAOS": connection_to(proxy, platform),
                "LOOP_NOTE": str(loop_note),
                "PYTHONPATH": str(site),
            }
            airflow = demo.Airflow(home, **options, **own)
        airflow.migrate = migrate or airflow.migrate
        if forks:
            stack.enter_context(forked(airflow, demo.SERVERS))
        for source, target in (
            (HERE / "loop_watch.py", site / "sitecustomize.py"),
            *((path, home / "dags" / path.name) for path in sorted((HERE / "dags").glob("*.py"))),
            (EXAMPLES / "airflow_tour.py", home / "dags" / "airflow_tour.py"),
        ):
            target.parent.mkdir(exist_ok=True)
            shutil.copyfile(source, target)
        demo.deploy(home / "dags")
        documented.put(home / "dags")
        deployment = deployments.Deployment(airflow, platform, ikigai.app.new("Scenarios").build(), proxy)
        deployment.make_flows("on_worker", "deferred", "cleared", "busy", "pooled", "failing", "copied")
        deployment.make_flows("last_metre_worker", "last_metre_deferred", "retold")
        deployment.make_flows("outage", script="import time\ntime.sleep(600)\nresult = data")
        with airflow:
            airflow.await_dag("contention")
            airflow.await_dag("many")
            airflow.await_dag("last_metre")
            airflow.await_dag("ikigai_copy_changed")
            airflow.api.post("/pools", {"name": "ikigai_pooled", "slots": 1, "include_deferred": True})
            airflow.api._http.timeout = 120.0
            try:
                yield deployment
            finally:
                deployment.kill_servers()


@contextmanager
def forked(airflow: Any, commands: dict[str, list[str]]) -> Iterator[None]:
    """Let an Airflow's servers be forked, which takes a fraction of the computing of commands."""
    servers = Servers(airflow._environment)

    def start(name: str) -> None:
        port = ["--port", str(airflow._port)] if name == "api-server" else []
        airflow.servers[name] = servers.serve(name, *commands[name], *port, log=airflow._log(name))

    airflow.start = start
    try:
        yield
    finally:
        servers.stop()


def connection_to(proxy: FaultingProxy, platform: LocalPlatform) -> str:
    """A connection to the platform that leads through the proxy."""
    who = {"login": platform.user_email, "password": platform.api_key}
    return json.dumps({"conn_type": "ikigai", "host": proxy.url, **who})


def skip_without(*programs: str) -> None:
    """Skip a test for want of a program."""
    if lacking := services.missing(*programs):
        pytest.skip(lacking)


def postgresql_settings(address: str) -> dict[str, str]:
    """Airflow's settings for a PostgreSQL database."""
    return {
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"postgresql+psycopg2://{address}",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN_ASYNC": f"postgresql+asyncpg://{address}",
    }


@pytest.fixture(scope="session")
def follow_many() -> Callable[[Any, int], Callable[..., None]]:
    """Starts a DAG run of so many deferred runs of distinct flows; what it returns waits for their end and checks them.

    The runs go on until all of them are followed at the same time, and something that may happen then has happened.
    """

    def start(there: Any, count: int) -> Callable[..., None]:
        names = [f"one of {count}: {number}" for number in range(count)]
        flows = [there.app.flow.new(name).build() for name in names]
        for name in names:
            there.platform.control.outcome(name, duration=7200)
        run_id = there.api.trigger("many", {"flows": names})

        def end(meanwhile: Callable[[], None] = lambda: None) -> None:
            there.await_count(count, "many", run_id, "deferred", seconds=240 + 3 * count)
            meanwhile()
            for name in names:
                there.platform.control.finish(name)
            there.await_success("many", run_id, seconds=240 + 3 * count)
            states = [one["state"] for one in there.instances("many", run_id)]
            assert states == ["success"] * (count + 1)
            assert {len(flow.run_logs(5)) for flow in flows} == {1}

        return end

    return start


@pytest.fixture(scope="session")
def eventually() -> Callable[..., Any]:
    """Waits for something to be true, and returns it."""

    def wait(condition: Callable[[], Any], complaint: str = "it never was", seconds: float = 480.0) -> Any:
        return deployments.wait_until(condition, lambda: complaint, seconds)

    return wait


@pytest.fixture(scope="session")
def long_iterations(loop_note: Path) -> Callable[[], list[dict[str, Any]]]:
    """Iterations of the triggerer's event loop that took long, as loop_watch notes them, and forgets them."""

    def found() -> list[dict[str, Any]]:
        lines = loop_note.read_text().splitlines() if loop_note.exists() else []
        loop_note.unlink(missing_ok=True)
        return [json.loads(line) for line in lines]

    return found
