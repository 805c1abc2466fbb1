"""Runs what the documents show, as its reader would: in the orchestrator's environment, on a local platform."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

import pytest

from ikigai_core.local.process import LocalPlatform

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


@pytest.fixture
def reader(ikigai_local: LocalPlatform, tmp_path: Path) -> Reader:
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
        "DO_NOT_TRACK": "1",
        "PREFECT_HOME": str(tmp_path / "prefect"),
        "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
        "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    }
    return Reader(tmp_path, {**ikigai_local.environ(), **settings})
