"""A pytest plugin with a local platform for tests. It is not loaded automatically.

Add ``pytest_plugins = ["ikigai_core.local.testing"]`` to the ``conftest.py`` at the root of your tests.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from ikigai_core.local.account import LocalAccount
from ikigai_core.local.process import LocalPlatform

if TYPE_CHECKING:
    from ikigai_core import AsyncIkigai, Ikigai


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options of the plugin."""
    parser.addini("ikigai_specs", "file with the facet and model specs of an account, for the local platform", "paths")


@pytest.fixture(scope="session")
def ikigai_local_server(pytestconfig: pytest.Config) -> Iterator[LocalPlatform]:
    """A local platform for the whole session; with pytest-xdist, one per worker."""
    specs = next(iter(pytestconfig.getini("ikigai_specs")), None)
    # All its users are the tests of one suite, whose scripts may use the files of the tests.
    with LocalPlatform.start(unconfined_scripts=True, specs=specs) as platform:
        yield platform


@pytest.fixture
def ikigai_local(ikigai_local_server: LocalPlatform) -> Iterator[LocalAccount]:
    """A new account on the local platform for each test. All control API orders are cancelled at its end."""
    with LocalAccount.fresh(ikigai_local_server) as account:
        yield account
        if ikigai_local_server.is_running:
            ikigai_local_server.control.reset()


@pytest.fixture
def ikigai_client(ikigai_local: LocalAccount) -> Iterator[Ikigai]:
    """A client of the test's account."""
    from ikigai_core import Ikigai

    with Ikigai(ikigai_local.user_email, ikigai_local.api_key, ikigai_local.url) as client:
        yield client


@pytest.fixture
def async_ikigai_client(ikigai_local: LocalAccount) -> AsyncIkigai:
    """An async client of the test's account, for the test's event loop. It closes with the loop."""
    from ikigai_core import AsyncIkigai

    class ClosedWithTheLoop(AsyncIkigai):
        _loop: asyncio.AbstractEventLoop | None = None
        _closing: AsyncGenerator[None] | None = None

        async def run(self, procedure: Any) -> Any:
            loop = asyncio.get_running_loop()
            if self._loop is not loop:
                self._loop, self._closing = loop, _closing(self)
                await anext(self._closing)
            return await super().run(procedure)

    return ClosedWithTheLoop(ikigai_local.user_email, ikigai_local.api_key, ikigai_local.url)


async def _closing(client: AsyncIkigai) -> AsyncGenerator[None]:
    """Close a client when its event loop shuts down: loops close the generators that started on them."""
    try:
        yield
    finally:
        await client.aclose()
