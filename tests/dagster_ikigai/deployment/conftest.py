"""A deployment of real servers, with an app for its flows."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from dagster_ikigai.naming import identifier
from ikigai_core import App, Ikigai
from ikigai_core.local.process import LocalPlatform

from .servers import DagsterServers


def client_of(platform: LocalPlatform) -> Ikigai:
    return Ikigai(platform.user_email, platform.api_key, base_url=platform.url)


@pytest.fixture(scope="module")
def app_name(ikigai_local_server: LocalPlatform) -> str:
    """Name of the location's app, with the dataset that its flows read."""
    name = f"Servers {uuid.uuid4().hex[:8]}"
    with client_of(ikigai_local_server) as ikigai:
        ikigai.app.new(name).build().dataset.new("numbers").df(pd.DataFrame({"value": [1, 2, 3]})).build()
    return name


@pytest.fixture(scope="module")
def gate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gate") / "open"


@pytest.fixture(scope="module")
def servers(
    ikigai_local_server: LocalPlatform, app_name: str, gate: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[DagsterServers]:
    environment = {**ikigai_local_server.environ(), "TEST_APP": app_name, "TEST_GATE": str(gate)}
    with DagsterServers(tmp_path_factory.mktemp("dagster_home"), environment) as made:
        yield made


@pytest.fixture
def app(ikigai_local_server: LocalPlatform, app_name: str) -> Iterator[App]:
    with client_of(ikigai_local_server) as ikigai:
        yield ikigai.apps[app_name]


@pytest.fixture
def key(app_name: str) -> Callable[[str], dg.AssetKey]:
    return lambda dataset: dg.AssetKey([identifier(app_name), dataset])
