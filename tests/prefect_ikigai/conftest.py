"""A real Prefect server and a real local platform, for all tests of this folder."""

from __future__ import annotations

import importlib.util
import inspect
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

# Prefect reads its settings when it is imported: nothing of the developer's own profile may take part.
PREFECT_HOME = Path(tempfile.mkdtemp(prefix="prefect-ikigai-"))
for name in [name for name in os.environ if name.startswith("PREFECT_")]:
    del os.environ[name]
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    PORT: int = probe.getsockname()[1]
os.environ.update(
    PREFECT_HOME=str(PREFECT_HOME),
    PREFECT_API_URL=f"http://127.0.0.1:{PORT}/api",
    PREFECT_LOGGING_COLORS="false",
    PREFECT_SERVER_ANALYTICS_ENABLED="false",
    DO_NOT_TRACK="1",
)

import pandas as pd  # noqa: E402
import pytest  # noqa: E402
from prefect import Flow  # noqa: E402
from prefect.client.orchestration import get_client  # noqa: E402
from prefect.client.schemas.objects import Artifact, FlowRun  # noqa: E402
from prefect.client.schemas.sorting import FlowRunSort  # noqa: E402
from prefect.events.worker import EventsWorker  # noqa: E402
from prefect.logging.handlers import APILogWorker  # noqa: E402
from pydantic import SecretStr  # noqa: E402

from ikigai_core import FlowStatus, RunLog  # noqa: E402
from ikigai_core.local.account import LocalAccount  # noqa: E402
from ikigai_core.local.control import LocalControl  # noqa: E402
from ikigai_core.local.process import LocalPlatform  # noqa: E402
from prefect_ikigai import IkigaiCredentials  # noqa: E402

pytest_plugins = ["ikigai_core.local.testing"]

EXAMPLES = Path(__file__).parents[2] / "examples"
START_TIMEOUT = 180.0


class PrefectServer:
    """A Prefect server in a process of its own, and what it knows, asked through its API."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self.starts = 0
        self.log = PREFECT_HOME / "server.log"

    @property
    def environ(self) -> dict[str, str]:
        """The environment of another process that is to use this server."""
        return dict(os.environ)

    @property
    def database(self) -> Path:
        """The file in which the server keeps everything."""
        return PREFECT_HOME / "prefect.db"

    @property
    def results(self) -> Path:
        """The folder where Prefect keeps results."""
        return PREFECT_HOME / "storage"

    def start(self) -> None:
        """Start it on the port that its clients know; `wait` waits until it answers."""
        command = [sys.executable, "-m", "prefect", "server", "start", "--no-ui", "--host=127.0.0.1", f"--port={PORT}"]
        self.starts += 1
        with self.log.open("a") as log:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def wait(self) -> None:
        """Wait until it answers."""
        assert self._process is not None
        deadline = time.monotonic() + START_TIMEOUT
        while self._process.poll() is None and time.monotonic() < deadline:
            with suppress(urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(f"{os.environ['PREFECT_API_URL']}/health", timeout=5).close()
                return
            time.sleep(0.1)
        raise RuntimeError(f"Prefect's server did not start:\n{self.log.read_text()[-2000:]}")

    def stop(self) -> None:
        """End it."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def cli(self, *arguments: str, cwd: Path | None = None) -> str:
        """Run a command of Prefect's and return what it printed."""
        command = [sys.executable, "-m", "prefect", "--no-prompt", *arguments]
        done = subprocess.run(
            command, env={**self.environ, "COLUMNS": "200"}, cwd=cwd, capture_output=True, text=True, timeout=120
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def flow_run(self, flow_run_id: uuid.UUID | None) -> FlowRun:
        """A flow run, as the server has it."""
        assert flow_run_id is not None
        with get_client(sync_client=True) as client:
            return client.read_flow_run(flow_run_id)

    def artifacts(self, flow_run_id: uuid.UUID | None, kind: str) -> list[Artifact]:
        """Artifacts of a flow run."""
        wanted = {"artifacts": {"flow_run_id": {"any_": [str(flow_run_id)]}, "type": {"any_": [kind]}}}
        with get_client(sync_client=True) as client:
            return Artifact.model_validate_list(client.request("POST", "/artifacts/filter", json=wanted).json())

    def events(self, names: list[str], resource_id: str) -> list[dict[str, Any]]:
        """Events of these names about a resource, oldest first, as soon as there is one of each name."""
        # Events are sent in the background.
        drain_logs_and_events()
        wanted = {"filter": {"event": {"name": names}, "resource": {"id": [resource_id]}}}
        deadline = time.monotonic() + 120
        while True:
            with get_client(sync_client=True) as client:
                found: list[dict[str, Any]] = client.request("POST", "/events/filter", json=wanted).json()["events"]
            if {event["event"] for event in found} == set(names):
                return sorted(found, key=lambda event: str(event["occurred"]))
            assert time.monotonic() < deadline, f"of {names} about {resource_id} there are only {found}"
            time.sleep(0.2)

    def await_state(self, flow_run_id: uuid.UUID, name: str, timeout: float = 150) -> FlowRun:
        """Wait until a flow run is in a state, such as ``Completed``; fails where it ends in another one."""
        deadline = time.monotonic() + timeout
        while True:
            flow_run = self.flow_run(flow_run_id)
            if flow_run.state_name == name:
                return flow_run
            assert time.monotonic() < deadline, f"flow run {flow_run.name} is {flow_run.state}, not {name}"
            time.sleep(0.3)

    def await_flow_run_with(self, parameters: dict[str, Any]) -> FlowRun:
        """Wait until there is a flow run with these parameters, among others."""
        deadline = time.monotonic() + 120
        while True:
            with get_client(sync_client=True) as client:
                for flow_run in client.read_flow_runs(sort=FlowRunSort.START_TIME_DESC):
                    if parameters.items() <= flow_run.parameters.items():
                        return flow_run
            assert time.monotonic() < deadline, f"there is no flow run with {parameters}"
            time.sleep(0.3)

    def logs(self, flow_run_id: uuid.UUID | None, until: str) -> str:
        """The lines that a flow run logged; they arrive in batches, so the one that contains `until` is awaited."""
        wanted = {"logs": {"flow_run_id": {"any_": [str(flow_run_id)]}}}
        deadline = time.monotonic() + 120
        while True:
            with get_client(sync_client=True) as client:
                text = "\n".join(log["message"] for log in client.request("POST", "/logs/filter", json=wanted).json())
            if until in text:
                return text
            assert time.monotonic() < deadline, f"{until!r} did not appear in:\n{text}"
            time.sleep(0.2)


class Deployed:
    """A flow that a process worker runs.

    Parameters
    ----------
    server : PrefectServer
    deployment_id : UUID
    """

    def __init__(self, server: PrefectServer, deployment_id: uuid.UUID) -> None:
        self._server = server
        self._id = deployment_id

    def run(self, **parameters: Any) -> uuid.UUID:
        """Ask for a flow run, and return its id at once."""
        with get_client(sync_client=True) as client:
            return client.create_flow_run_from_deployment(self._id, parameters=parameters).id


FOLLOWING = """
import os
from pathlib import Path

from prefect import flow
from prefect_ikigai import IkigaiCredentials, report_left_runs, run_flow

@flow(on_cancellation=[report_left_runs], on_crashed=[report_left_runs])
def following(app: str, name: str, pid_file: str) -> None:
    Path(pid_file).write_text(str(os.getpid()))
    run_flow(IkigaiCredentials.load("ikigai"), app, name, {"output": "mine"})
"""


class ProcessWorker:
    """A worker of the work pool ``ikigai``, which runs each flow run in a process of its own."""

    def __init__(self, server: PrefectServer) -> None:
        self._server = server
        self._process: subprocess.Popen[bytes] | None = None
        self._starts_seen = 0
        server.cli("work-pool", "create", "ikigai", "--type", "process")

    def ensure(self) -> None:
        """Start it, again where the server was restarted: Prefect's workers do not always get over that."""
        if self._starts_seen == self._server.starts:
            return
        self.stop()
        self._starts_seen = self._server.starts
        command = [sys.executable, "-m", "prefect", "worker", "start", "--pool", "ikigai"]
        environment = {**os.environ, "PREFECT_WORKER_QUERY_SECONDS": "1", "PREFECT_RUNNER_POLL_FREQUENCY": "1"}
        with (PREFECT_HOME / "worker.log").open("a") as log:
            self._process = subprocess.Popen(command, env=environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log)

    def stop(self) -> None:
        """End it."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


@pytest.fixture(scope="session")
def worker(prefect_server: PrefectServer) -> Iterator[ProcessWorker]:
    """A worker, which `work_pool` starts."""
    process_worker = ProcessWorker(prefect_server)
    yield process_worker
    process_worker.stop()


@pytest.fixture
def work_pool(worker: ProcessWorker) -> str:
    """Name of a work pool with a process worker at work."""
    worker.ensure()
    return "ikigai"


@pytest.fixture
def following(prefect_server: PrefectServer, work_pool: str, credentials: IkigaiCredentials) -> Deployed:
    """A deployed flow that runs one of the platform's, and reports what it leaves."""
    folder = PREFECT_HOME / "following"
    folder.mkdir(exist_ok=True)
    (folder / "following.py").write_text(FOLLOWING)
    loaded: Flow[..., Any] = Flow.from_source(source=str(folder), entrypoint="following.py:following")
    deployment_id = loaded.deploy("worker", work_pool_name=work_pool, print_next_steps=False, ignore_warnings=True)
    return Deployed(prefect_server, deployment_id)


def drain_logs_and_events() -> None:
    """Wait until all that this process has to tell the server has been sent."""
    for worker in (APILogWorker.instance(), EventsWorker.instance()):
        drained = worker.drain()
        assert not inspect.isawaitable(drained)


@pytest.fixture(scope="session", autouse=True)
def prefect_server(ikigai_local_server: LocalPlatform) -> Iterator[PrefectServer]:
    """A Prefect server, which records all flow runs of the tests."""
    server = PrefectServer()
    try:
        server.start()
        server.wait()
        yield server
        # While there is still somebody to send them to.
        drain_logs_and_events()
    finally:
        server.stop()
        shutil.rmtree(PREFECT_HOME, ignore_errors=True)


@pytest.fixture
def control(ikigai_local: LocalAccount) -> LocalControl:
    """Orders how runs go; all orders are taken back."""
    return ikigai_local.control


@pytest.fixture
def credentials(prefect_server: PrefectServer, ikigai_local: LocalAccount) -> IkigaiCredentials:
    """Credentials of the local platform, saved as the block ``ikigai``."""
    block = IkigaiCredentials(
        user_email=ikigai_local.user_email, api_key=SecretStr(ikigai_local.api_key), base_url=ikigai_local.url
    )
    block.save("ikigai", overwrite=True)
    return block


@pytest.fixture
def load_example() -> Callable[[str], ModuleType]:
    """Imports an example by its name."""

    def load(name: str) -> ModuleType:
        spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
        assert spec is not None and spec.loader is not None
        example = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(example)
        return example

    return load


@pytest.fixture
def app(credentials: IkigaiCredentials) -> str:
    """Name of a new app."""
    name = f"App {uuid.uuid4().hex[:8]}"
    with credentials.get_client() as ikigai:
        ikigai.app.new(name).build()
    return name


def scripted(script: str) -> dict[str, Any]:
    """A definition whose one step is a Python script."""
    csv = {"file_type": "csv", "header": True}
    return {
        "facets": {
            "numbers": {"type": "INPUT.Imported", "dataset": "numbers", "arguments": csv},
            "work on them": {"type": "MID.Python", "after": "numbers", "arguments": {"script": script}},
            "out": {
                "type": "OUTPUT.Exported",
                "after": "work on them",
                "arguments": {**csv, "dataset_name": "worked on"},
                "variables": {"output": "dataset_name"},
            },
        }
    }


@dataclass(frozen=True)
class ScriptedFlow:
    """A flow on the platform whose one step is a Python script; its output's name is the run variable ``output``."""

    credentials: IkigaiCredentials
    app: str
    name: str

    def runs(self) -> list[RunLog]:
        """Logs of all runs that the platform made of it, newest first."""
        with self.credentials.get_client() as ikigai:
            return ikigai.apps[self.app].flows[self.name].run_logs(100)

    def wait_for(self, status: FlowStatus) -> None:
        """Wait until the platform says that the flow is in a state."""
        with self.credentials.get_client() as ikigai:
            flow = ikigai.apps[self.app].flows[self.name]
            deadline = time.monotonic() + 120
            while flow.status().status is not status:
                assert time.monotonic() < deadline, f"flow {self.name!r} never was {status.value}"
                time.sleep(0.1)


@pytest.fixture
def make_flow(credentials: IkigaiCredentials, app: str) -> Callable[..., ScriptedFlow]:
    """Makes a flow of a script."""

    def make(script: str, name: str = "Scripted") -> ScriptedFlow:
        numbers = pd.DataFrame({"name": ["one", "two", "three"], "value": [1, 2, 3]})
        with credentials.get_client() as ikigai:
            home = ikigai.apps[app]
            home.dataset.new("numbers").df(numbers).ensure()
            home.flow.new(name).definition(scripted(script)).build()
        return ScriptedFlow(credentials, app, name)

    return make


@pytest.fixture
def requests_sent(ikigai_local: LocalAccount) -> Callable[[], dict[str, Any]]:
    """Counts the platform's requests from here on: ``requests_sent()["total"]``."""

    ikigai_local.control.reset_request_counts()
    return lambda: ikigai_local.control.send("GET", "/requests")
