"""A real local platform for all tests of this folder; Dagster instances are made by the tests."""

from __future__ import annotations

import json
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from dagster_ikigai import IkigaiFlow
from ikigai_core import Ikigai, RunLog
from ikigai_core.local.process import LocalPlatform

pytest_plugins = ["ikigai_core.local.testing"]

EXAMPLES = Path(__file__).parents[2] / "examples"
NUMBERS = pd.DataFrame({"name": ["one", "two", "three"], "value": [1, 2, 3]})


@pytest.fixture(autouse=True)
def environment(ikigai_local: LocalPlatform, monkeypatch: pytest.MonkeyPatch) -> None:
    """The platform's name and key where users have them, and nothing of the developer's own Dagster."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    for name, value in ikigai_local.environ().items():
        monkeypatch.setenv(name, value)


@pytest.fixture
def dagster_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a persistent instance, which other processes share."""
    home = tmp_path / "dagster home"
    home.mkdir()
    (home / "dagster.yaml").write_text("telemetry: {enabled: false}\nnux: {enabled: false}\n")
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    return home


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def app(ikigai_client: Ikigai) -> str:
    """Name of a new app with the dataset ``numbers`` in it."""
    name = f"App {uuid.uuid4().hex[:8]}"
    ikigai_client.app.new(name).build().dataset.new("numbers").df(NUMBERS).build()
    return name


@pytest.fixture
def scripted(app: str) -> Callable[[str], IkigaiFlow]:
    """Makes a flow whose one step is a Python script."""

    def make(script: str) -> IkigaiFlow:
        facets = {
            "numbers": {
                "type": "INPUT.Imported",
                "dataset": "numbers",
                "arguments": {"file_type": "csv", "header": True},
            },
            "work on them": {
                "type": "MID.Python",
                "after": "numbers",
                "arguments": {"script": script},
                "variables": {"script": "script"},
            },
            "out": {
                "type": "OUTPUT.Exported",
                "after": "work on them",
                "arguments": {"dataset_name": "worked on", "file_type": "csv", "header": True},
                "variables": {"output": "dataset_name"},
            },
        }
        return IkigaiFlow(app, "Scripted", {"facets": facets})

    return make


@pytest.fixture
def platform_runs(ikigai_client: Ikigai, app: str) -> Callable[[], list[RunLog]]:
    """Logs of all runs that the platform made of the app's flow ``Scripted``."""
    return lambda: ikigai_client.apps[app].flows["Scripted"].run_logs(100)


@pytest.fixture
def requests_sent(ikigai_local: LocalPlatform) -> Callable[[], int]:
    """Counts the requests that the platform got so far."""

    def count() -> int:
        request = urllib.request.Request(f"{ikigai_local.url}/_local/requests")
        request.add_header("user", ikigai_local.user_email)
        request.add_header("api-key", ikigai_local.api_key)
        with urllib.request.urlopen(request, timeout=10) as answer:
            total: int = json.load(answer)["total"]
            return total

    return count
