"""Runs what the documents show, as its reader would: in the orchestrator's environment, on a local platform."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from ikigai_core.local.account import LocalAccount

ROOT = Path(__file__).resolve().parents[2]
pytest_plugins = ["ikigai_core.local.testing"]


@dataclass(frozen=True)
class Reader:
    """One who tries what a document shows, in a folder with the examples' data in it."""

    folder: Path
    variables: dict[str, str]

    def run(self, environment: str, *command: str) -> str:
        """Run a program of an environment; it must end well."""
        done = subprocess.run(
            [ROOT / ".venvs" / environment / "bin" / command[0], *command[1:]],
            cwd=self.folder,
            env={**os.environ, **self.variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        assert done.returncode == 0, done.stdout
        return done.stdout

    def write(self, name: str, text: str) -> str:
        """Write a file into the folder; return its path."""
        (self.folder / name).write_text(text)
        return str(self.folder / name)


OFFLINE_PREFECT = {"DO_NOT_TRACK": "1", "PREFECT_SERVER_ANALYTICS_ENABLED": "false"}


@pytest.fixture(scope="session")
def prefect_api(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of a Prefect server that all documents share."""
    home = tmp_path_factory.mktemp("prefect")
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]
    # Without a process for its background services, which nothing here needs.
    command = [ROOT / ".venvs/prefect/bin/prefect", "server", "start", "--port", str(port), "--no-ui", "--no-services"]
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(
            command, env={**os.environ, **OFFLINE_PREFECT, "PREFECT_HOME": str(home)}, stdout=log, stderr=log
        )
    url = f"http://127.0.0.1:{port}/api"
    try:
        _await_health(server, url, home / "server.log")
        yield url
    finally:
        server.terminate()
        server.wait(timeout=30)


def _await_health(server: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + 90
    while True:
        try:
            with urllib.request.urlopen(f"{url}/health", timeout=5):
                return
        except (urllib.error.URLError, OSError):
            assert server.poll() is None and time.monotonic() < deadline, log.read_text()
            time.sleep(0.1)


@pytest.fixture(scope="session")
def airflow_database(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated database, to be copied."""
    home = tmp_path_factory.mktemp("airflow")
    command = [ROOT / ".venvs/airflow/bin/airflow", "db", "migrate"]
    subprocess.run(command, env={**os.environ, "AIRFLOW_HOME": str(home)}, check=True, capture_output=True)
    return home / "airflow.db"


@pytest.fixture
def reader(ikigai_local: LocalAccount, tmp_path: Path) -> Reader:
    """A reader with the platform's credentials where each of the orchestrators looks for them."""
    for name in ("data/flights.csv", "late_flights.yaml"):
        shutil.copy(ROOT / "examples" / name, tmp_path)
    (tmp_path / "dagster").mkdir()
    (tmp_path / "dagster" / "dagster.yaml").write_text("telemetry: {enabled: false}\nnux: {enabled: false}\n")
    connection = {
        "conn_type": "ikigai",
        "host": ikigai_local.url,
        "login": ikigai_local.user_email,
        "password": ikigai_local.api_key,
    }
    settings = {
        "AIRFLOW_HOME": str(tmp_path / "airflow"),
        "AIRFLOW_CONN_IKIGAI_DEFAULT": json.dumps(connection),
        "AIRFLOW__CORE__DAGS_FOLDER": str(tmp_path / "dags"),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
        "DAGSTER_HOME": str(tmp_path / "dagster"),
        "PREFECT_HOME": str(tmp_path / "prefect"),
    }
    return Reader(tmp_path, {**ikigai_local.environ(), **settings, **OFFLINE_PREFECT})
