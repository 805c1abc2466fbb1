"""A real Prefect server, in a process of its own."""

from __future__ import annotations

import inspect
import os
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import Artifact, FlowRun
from prefect.client.schemas.responses import DeploymentResponse
from prefect.client.schemas.sorting import FlowRunSort
from prefect.events.worker import EventsWorker
from prefect.exceptions import ObjectNotFound
from prefect.logging.handlers import APILogWorker

from .programs import Program, Programs

START_TIMEOUT = 180.0
PATIENCE = 150.0

T = TypeVar("T")


def eventually(look: Callable[[], T | None], complaint: Callable[[], str]) -> T:
    """What a look finds, soon after there is something to find."""
    began = time.monotonic()
    while not (found := look()):
        waited = time.monotonic() - began
        assert waited < PATIENCE, complaint()
        # Whoever is asked has to compute the answer: the longer it takes, the less often.
        time.sleep(min(max(0.1, waited / 8), 1.0))
    return found


@contextmanager
def meanwhile(act: Callable[[], None]) -> Iterator[None]:
    """Do something in another thread, and do not go on before it is done."""
    with ThreadPoolExecutor(1) as pool:
        acting = pool.submit(act)
        yield
        acting.result()


def drain_logs_and_events() -> None:
    """Wait until all that this process has to tell the server has been sent."""
    for worker in (APILogWorker.instance(), EventsWorker.instance()):
        drained = worker.drain()
        assert not inspect.isawaitable(drained)


class PrefectServer:
    """A Prefect server in a process of its own, and what it knows, asked through its API.

    Parameters
    ----------
    home : Path
        Its folder.
    port : int
    programs : Programs
        Start it, and what belongs to it.
    """

    def __init__(self, home: Path, port: int, programs: Programs) -> None:
        self.home = home
        self.programs = programs
        self._port = port
        self._process: Program | None = None

    @property
    def database(self) -> Path:
        """The file in which the server keeps everything."""
        return Path(os.environ["PREFECT_SERVER_DATABASE_CONNECTION_URL"].partition("///")[2])

    @property
    def results(self) -> Path:
        """The folder where Prefect keeps results."""
        return self.home / "storage"

    @cached_property
    def client(self) -> SyncPrefectClient:
        """One for all questions: making it costs more than asking."""
        return get_client(sync_client=True)

    def start(self) -> None:
        """Start it on the port that its clients know, and wait until it answers."""
        options = ["--no-ui", "--host=127.0.0.1", f"--port={self._port}"]
        log = self.home / "server.log"
        self._process = self.programs.start("-m", "prefect", "server", "start", *options, log=log)
        deadline = time.monotonic() + START_TIMEOUT
        while self._process.is_alive and time.monotonic() < deadline:
            with suppress(urllib.error.URLError, ConnectionError):
                urllib.request.urlopen(f"{os.environ['PREFECT_API_URL']}/health", timeout=5).close()
                return
            time.sleep(0.1)
        raise RuntimeError(f"Prefect's server did not start:\n{log.read_text()[-2000:]}")

    def stop(self) -> None:
        """End it."""
        if self._process is not None:
            self._process.end(seconds=10)

    def restart(self) -> None:
        """End it, and start it again."""
        self.stop()
        self.start()

    def cli(self, *arguments: str, cwd: Path | None = None) -> str:
        """Run a command of Prefect's and return what it printed."""
        program = self.programs.start("-m", "prefect", "--no-prompt", *arguments, cwd=cwd)
        code, said = program.wait(START_TIMEOUT), program.log.read_text()
        assert code == 0, said
        return said

    def run_deployment(self, name: str, **parameters: Any) -> uuid.UUID:
        """Ask for a flow run, as soon as there is such a deployment; return its id at once."""

        deployment = self.deployment(name)
        return self.client.create_flow_run_from_deployment(deployment.id, parameters=parameters).id

    def deployment(self, name: str) -> DeploymentResponse:
        """A deployment, as soon as there is one of that name."""

        def look() -> DeploymentResponse | None:
            with suppress(ObjectNotFound):
                return self.client.read_deployment_by_name(name)
            return None

        return eventually(look, lambda: f"there is no deployment {name!r}")

    def flow_run(self, flow_run_id: uuid.UUID | None) -> FlowRun:
        """A flow run, as the server has it."""
        assert flow_run_id is not None
        return self.client.read_flow_run(flow_run_id)

    def await_state(self, flow_run_id: uuid.UUID, name: str) -> FlowRun:
        """Wait until a flow run is in a state, such as ``Completed``."""

        def look() -> FlowRun | None:
            flow_run = self.flow_run(flow_run_id)
            return flow_run if flow_run.state_name == name else None

        return eventually(look, lambda: f"flow run is {self.flow_run(flow_run_id).state}, not {name}")

    def await_flow_run_with(self, parameters: dict[str, Any]) -> FlowRun:
        """Wait until there is a flow run with these parameters, among others."""

        def look() -> FlowRun | None:
            flow_runs = self.client.read_flow_runs(sort=FlowRunSort.START_TIME_DESC)
            return next((one for one in flow_runs if parameters.items() <= one.parameters.items()), None)

        return eventually(look, lambda: f"there is no flow run with {parameters}")

    def artifacts(self, flow_run_id: uuid.UUID | None, kind: str) -> list[Artifact]:
        """Artifacts of a flow run."""
        wanted = {"artifacts": {"flow_run_id": {"any_": [str(flow_run_id)]}, "type": {"any_": [kind]}}}
        return Artifact.model_validate_list(self._ask("/artifacts/filter", wanted))

    def notes(self, flow_run_id: uuid.UUID | None) -> list[dict[str, Any]]:
        """The platform's runs of which a flow run has notes."""
        return [artifact.data["run"] for artifact in self.artifacts(flow_run_id, "ikigai-run")]

    def await_started(self, flow_id: str) -> None:
        """Wait until it is noted that a run of the platform's flow has started: from then on others may follow it."""
        wanted = {"artifacts": {"type": {"any_": ["ikigai-run"]}}, "sort": "CREATED_DESC"}

        def look() -> bool:
            found = [artifact["data"]["run"] for artifact in self._ask("/artifacts/filter", wanted)]
            return any(run["flow_id"] == flow_id and run["phase"] == "started" for run in found)

        eventually(look, lambda: f"no run of flow {flow_id} was noted as started")

    def events(self, names: list[str], resource_id: str, count: int | None = None) -> list[dict[str, Any]]:
        """So many events of these names about a resource, by default one of each, oldest first; they are awaited."""
        # Events are sent in the background.
        drain_logs_and_events()
        wanted = {"filter": {"event": {"name": names}, "resource": {"id": [resource_id]}}}
        least = count or len(names)

        def look() -> list[dict[str, Any]]:
            found: list[dict[str, Any]] = self._ask("/events/filter", wanted)["events"]
            return found if {event["event"] for event in found} == set(names) and len(found) >= least else []

        found = eventually(look, lambda: f"there are no {least} {names} about {resource_id}")
        return sorted(found, key=lambda event: str(event["occurred"]))

    def logs(self, flow_run_id: uuid.UUID | None, until: str) -> str:
        """The lines that a flow run logged; they arrive in batches, so the one that contains `until` is awaited."""
        wanted = {"logs": {"flow_run_id": {"any_": [str(flow_run_id)]}}}

        def read() -> str:
            return "\n".join(log["message"] for log in self._ask("/logs/filter", wanted))

        def look() -> str:
            text = read()
            return text if until in text else ""

        return eventually(look, lambda: f"{until!r} did not appear in:\n{read()}")

    def _ask(self, path: str, wanted: dict[str, Any]) -> Any:
        return self.client.request("POST", path, json=wanted).json()
