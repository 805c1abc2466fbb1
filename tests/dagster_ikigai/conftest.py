"""A real local platform for all tests of this folder; Dagster instances are made by the tests."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pytest

from dagster_ikigai import IkigaiFlow
from ikigai_core import Ikigai, RunLog
from ikigai_core.components import ensuring
from ikigai_core.local.account import LocalAccount

from . import databases  # noqa: F401
from .instances import SETTINGS

pytest_plugins = ["ikigai_core.local.testing"]


@pytest.fixture(autouse=True)
def environment(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """The account of tests that have one where users have theirs, and nothing of the developer's own Dagster."""
    monkeypatch.delenv("DAGSTER_HOME", raising=False)
    if "ikigai_local" in request.fixturenames:
        account: LocalAccount = request.getfixturevalue("ikigai_local")
        for name, value in account.environ().items():
            monkeypatch.setenv(name, value)


@pytest.fixture(autouse=True)
def soon_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else ensures the same, except in the tests of the client: what was just created is not waited for."""
    monkeypatch.setattr(ensuring, "SETTLING", 0.1)


@pytest.fixture
def dagster_home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of a persistent instance, which other processes share."""
    home = tmp_path / "dagster home"
    home.mkdir()
    (home / "dagster.yaml").write_text(SETTINGS)
    monkeypatch.setenv("DAGSTER_HOME", str(home))
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    return home


@pytest.fixture
def instance() -> Iterator[dg.DagsterInstance]:
    with dg.DagsterInstance.ephemeral() as made:
        yield made


@pytest.fixture
def app(ikigai_local: LocalAccount) -> str:
    """Name of a new app with the dataset ``numbers`` in it."""
    name = f"App {uuid.uuid4().hex[:8]}"
    ikigai_local.seed(name, {"numbers": b"name,value\none,1\ntwo,2\nthree,3\n"})
    return name


@pytest.fixture
def scripted(app: str) -> Callable[..., IkigaiFlow]:
    """Makes a flow whose one step is a Python script; without a script, one that copies, for half the time."""

    def make(script: str = "") -> IkigaiFlow:
        read = {"file_type": "csv", "header": True}
        work = {"type": "MID.Python", "after": "numbers", "arguments": {"script": script}}
        facets = {
            "numbers": {"type": "INPUT.Imported", "dataset": "numbers", "arguments": read},
            **({"work on them": {**work, "variables": {"script": "script"}}} if script else {}),
            "out": {
                "type": "OUTPUT.Exported",
                "after": "work on them" if script else "numbers",
                "arguments": {"dataset_name": "worked on", **read},
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
def requests_sent(ikigai_local: LocalAccount) -> Callable[[], int]:
    """Counts the requests of this test's account so far; threads of earlier tests may still send some."""

    return lambda: len(ikigai_local.control.journal(user=ikigai_local.user_email))
