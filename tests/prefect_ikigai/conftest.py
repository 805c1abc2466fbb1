"""A real Prefect server and a real local platform, for all tests of this folder."""

from __future__ import annotations

import importlib.util
import os
import shutil
import socket
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import Any

import certifi

# Prefect reads its settings when it is imported: nothing of the developer's own profile may take part.
PREFECT_HOME = Path(tempfile.mkdtemp(prefix="prefect-ikigai-"))
for name in [name for name in os.environ if name.startswith("PREFECT_")]:
    del os.environ[name]
with socket.socket() as probe:
    probe.bind(("127.0.0.1", 0))
    PORT: int = probe.getsockname()[1]
# Every client of Prefect's reads all certificates, which takes longer than what it asks; none is used here.
CERTIFICATE = PREFECT_HOME / "certificate.pem"
CERTIFICATE.write_text(certifi.contents().partition(END := "-----END CERTIFICATE-----")[0] + END)
# A server whose database has ":memory:" in its name uses one connection for all. With several, those that write at the
# same time refuse each other's requests on SQLite, and clients wait up to a minute before they repeat them.
DATABASE = "prefect-:memory:.db"
os.environ.update(
    PREFECT_HOME=str(PREFECT_HOME),
    PREFECT_LOCAL_STORAGE_PATH=str(PREFECT_HOME / "storage"),
    PREFECT_API_URL=f"http://127.0.0.1:{PORT}/api",
    PREFECT_API_SSL_CERT_FILE=str(CERTIFICATE),
    PREFECT_SERVER_DATABASE_CONNECTION_URL=f"sqlite+aiosqlite:///{PREFECT_HOME / DATABASE}",
    # The server has no such tokens: each client would ask for one in vain.
    PREFECT_CLIENT_CSRF_SUPPORT_ENABLED="false",
    PREFECT_LOGGING_COLORS="false",
    PREFECT_SERVER_ANALYTICS_ENABLED="false",
    # What looks through the database every few seconds, for nothing that tests have.
    PREFECT_SERVER_SERVICES_CLEANUP_RECONCILER_ENABLED="false",
    PREFECT_SERVER_SERVICES_FOREMAN_ENABLED="false",
    PREFECT_SERVER_SERVICES_LATE_RUNS_ENABLED="false",
    PREFECT_SERVER_SERVICES_PAUSE_EXPIRATIONS_ENABLED="false",
    PREFECT_SERVER_SERVICES_REPOSSESSOR_ENABLED="false",
    # By default, events are kept every 5 seconds and logs sent every 2, and flow runs looked for every 10 or 15.
    PREFECT_SERVER_SERVICES_EVENT_PERSISTER_FLUSH_INTERVAL="0.5",
    PREFECT_LOGGING_TO_API_BATCH_INTERVAL="0.5",
    # A schedule fills no page of flow runs with the coming hour's.
    PREFECT_API_SERVICES_SCHEDULER_MIN_SCHEDULED_TIME="PT1M",
    PREFECT_RUNNER_POLL_FREQUENCY="1",
    PREFECT_WORKER_QUERY_SECONDS="1",
    DO_NOT_TRACK="1",
)

import pandas as pd  # noqa: E402
import prefect.context  # noqa: E402
import pytest  # noqa: E402
from pydantic import SecretStr  # noqa: E402

from ikigai_core import FlowStatus, RunLog  # noqa: E402
from ikigai_core.local.account import LocalAccount  # noqa: E402
from ikigai_core.local.control import LocalControl  # noqa: E402
from prefect_ikigai import IkigaiCredentials  # noqa: E402

from .prepared_database import PreparedDatabase  # noqa: E402
from .programs import Programs  # noqa: E402
from .servers import PrefectServer, drain_logs_and_events  # noqa: E402

pytest_plugins = ["ikigai_core.local.testing"]

EXAMPLES = Path(__file__).parents[2] / "examples"


def end_flow_runs_at_once() -> None:
    """Send no heartbeats, for whose thread each flow run waits a second at its end; no variable can order that."""
    root = prefect.context.GLOBAL_SETTINGS_CONTEXT
    flows = root.settings.flows.model_copy(update={"heartbeat_frequency": None})
    quiet = root.settings.model_copy(update={"flows": flows})
    prefect.context.GLOBAL_SETTINGS_CONTEXT = root.model_copy(update={"settings": quiet})


end_flow_runs_at_once()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Give the first test, which starts all servers, and any other one time enough on busy cores."""
    for item in items:
        if Path(__file__).parent in item.path.parents and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(400))


@pytest.fixture(scope="session", autouse=True)
def prefect_server() -> Iterator[PrefectServer]:
    """A Prefect server, which records all flow runs of the tests."""
    prepared = PreparedDatabase()
    if prepared.is_there:
        os.environ.update(PREFECT_API_DATABASE_MIGRATE_ON_START="false", PREFECT_API_BLOCKS_REGISTER_ON_START="false")
    with Programs(PREFECT_HOME) as programs:
        server = PrefectServer(PREFECT_HOME, PORT, programs)
        try:
            prepared.lay_out(server.database)
            server.start()
            prepared.keep(server.database)
            with server.client:
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
def credentials(ikigai_local: LocalAccount) -> IkigaiCredentials:
    """Credentials of the local platform."""
    return IkigaiCredentials(
        user_email=ikigai_local.user_email, api_key=SecretStr(ikigai_local.api_key), base_url=ikigai_local.url
    )


@pytest.fixture
def saved_credentials(credentials: IkigaiCredentials) -> IkigaiCredentials:
    """The same, saved as the block ``ikigai``."""
    credentials.save("ikigai", overwrite=True)
    return credentials


@pytest.fixture(scope="session")
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


CSV = {"file_type": "csv", "header": True}
COPYING = {
    "facets": {
        "numbers": {"type": "INPUT.Imported", "dataset": "numbers", "arguments": CSV},
        "out": {
            "type": "OUTPUT.Exported",
            "after": "numbers",
            "arguments": {**CSV, "dataset_name": "copied"},
            "variables": {"output": "dataset_name"},
        },
    }
}


@dataclass(frozen=True)
class PlatformFlow:
    """A flow on the platform that copies a dataset; its output's name is the run variable ``output``."""

    credentials: IkigaiCredentials
    control: LocalControl
    app: str
    name: str
    flow_id: str
    web_url: str

    def lasts(self, seconds: float) -> None:
        """Order that its runs take so long, and write nothing."""
        self.control.outcome(self.flow_id, duration=seconds)

    def fails(self, message: str) -> None:
        """Order that its runs fail."""
        self.control.outcome(self.flow_id, status="FAILED", message=message, facet="numbers")

    def finish(self) -> None:
        """End the run that goes on."""
        self.control.finish(self.flow_id)

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
def make_flow(credentials: IkigaiCredentials, control: LocalControl, app: str) -> Callable[..., PlatformFlow]:
    """Makes a flow, whose runs go as is ordered: ``make_flow(lasts=2.0)``, ``make_flow(fails="no")``."""

    def make(name: str = "Copy", *, lasts: float = 0.0, fails: str = "") -> PlatformFlow:
        numbers = pd.DataFrame({"name": ["one", "two", "three"], "value": [1, 2, 3]})
        with credentials.get_client() as ikigai:
            home = ikigai.apps[app]
            home.dataset.new("numbers").df(numbers).ensure()
            made = home.flow.new(name).definition(COPYING).build()
        flow = PlatformFlow(credentials, control, app, name, made.flow_id, str(made.web_url))
        if fails:
            flow.fails(fails)
        else:
            flow.lasts(lasts)
        return flow

    return make


@pytest.fixture
def requests_sent(ikigai_local: LocalAccount) -> Callable[[], dict[str, Any]]:
    """Counts the platform's requests from here on: ``requests_sent()["total"]``."""

    ikigai_local.control.reset_request_counts()
    return lambda: ikigai_local.control.send("GET", "/requests")
