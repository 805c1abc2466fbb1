"""A platform, and in front of it a proxy of each test's own."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest

from ikigai_core.local.process import LocalPlatform
from tests.ikigai_core.helper_processes import Helpers

from .flows import ChaosFlows
from .proxy import FaultingProxy


@pytest.fixture(scope="session")
def one_platform() -> Iterator[LocalPlatform]:
    with LocalPlatform.start() as platform:
        yield platform


@pytest.fixture
def platform(one_platform: LocalPlatform) -> LocalPlatform:
    """It runs, and nobody has asked for anything yet."""
    if not one_platform.is_running:
        one_platform.restart()
    one_platform.control.reset()
    return one_platform


@pytest.fixture(scope="session")
def helpers() -> Iterator[Helpers]:
    """Starts processes with programs of the tests."""
    helpers = Helpers()
    yield helpers
    helpers.stop()


@pytest.fixture
def proxy(platform: LocalPlatform, helpers: Helpers, tmp_path: Path) -> Iterator[FaultingProxy]:
    with FaultingProxy(platform.url, start=partial(helpers.start, folder=tmp_path)) as proxy:
        yield proxy


@pytest.fixture
def chaos(platform: LocalPlatform) -> ChaosFlows:
    return ChaosFlows.make(platform, app=f"Chaos {uuid.uuid4().hex[:8]}")
