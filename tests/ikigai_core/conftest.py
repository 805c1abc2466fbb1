"""What the tests of the client share: an app of its own for each test, on one local platform."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pandas as pd
import pytest
from hypothesis import settings

from ikigai_core import App, Ikigai
from ikigai_core.components import ensuring
from ikigai_core.local.process import LocalPlatform

from .helper_processes import Helpers

pytest_plugins = ["ikigai_core.local.testing"]

settings.register_profile("same choices in each run", derandomize=True)
settings.load_profile("same choices in each run")


@pytest.fixture
def app(ikigai_client: Ikigai) -> Iterator[App]:
    """An app that nothing else uses."""
    app = ikigai_client.app.new(f"App {uuid.uuid4().hex[:8]}").build()
    yield app
    app.delete()


@pytest.fixture
def soon_settled(monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody else ensures the same: what was just created is not waited for."""
    monkeypatch.setattr(ensuring, "SETTLING", 0.1)


@pytest.fixture
def flights() -> pd.DataFrame:
    """A small table with numbers, text, missing values and characters that CSV finds hard."""
    return pd.DataFrame(
        {
            "flight": ["007", "UA 1", 'the "red" eye', "Zürich, by night"],
            "delay": [5, 61, 240, 90],
            "carrier": ["AA", None, "B6", "LX"],
        }
    )


@pytest.fixture
def document() -> dict[str, Any]:
    """Keeps the flights that were late; `min_delay` and `output` are run variables."""
    return {
        "facets": {
            "flights": {
                "type": "INPUT.Imported",
                "dataset": "flights",
                "arguments": {"file_type": "csv", "header": True},
            },
            "late": {
                "type": "MID.Filter",
                "after": "flights",
                "arguments": {"column_name": "delay", "condition": "greater_than", "value": "60"},
                "variables": {"min_delay": "value"},
            },
            "output": {
                "type": "OUTPUT.Exported",
                "after": "late",
                "arguments": {"dataset_name": "late", "file_type": "csv", "header": True},
                "variables": {"output": "dataset_name"},
            },
        }
    }


def failing(document: dict[str, Any], script: str) -> dict[str, Any]:
    """The same flow with a Python facet instead of the filter."""
    late = {"type": "MID.Python", "after": "flights", "arguments": {"script": script}}
    return {"facets": {**document["facets"], "late": late}}


@pytest.fixture
def fail() -> Callable[[dict[str, Any], str], dict[str, Any]]:
    return failing


@pytest.fixture
def own_platform() -> Iterator[LocalPlatform]:
    """A platform for one test that stops or restarts it."""
    with LocalPlatform.start() as platform:
        yield platform


@pytest.fixture(scope="session")
def helpers() -> Iterator[Helpers]:
    """Starts processes with programs of the tests."""
    helpers = Helpers()
    yield helpers
    helpers.stop()


@pytest.fixture(scope="session")
def team() -> Iterator[LocalPlatform]:
    """A platform with two more users."""
    with LocalPlatform.start(users=["ann@example.com", "bob@example.com"]) as platform:
        yield platform


@pytest.fixture
def member(team: LocalPlatform) -> Iterator[Callable[[str], Ikigai]]:
    """The client of a user of the team's platform."""
    clients = []

    def connect(email: str) -> Ikigai:
        clients.append(Ikigai(user_email=email, api_key=team.users[email], base_url=team.url))
        return clients[-1]

    yield connect
    for client in clients:
        client.close()
