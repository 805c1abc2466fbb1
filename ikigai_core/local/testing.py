"""A pytest plugin: a local platform for tests. It is asked for by name and never loads itself.

Put ``pytest_plugins = ["ikigai_core.local.testing"]`` into the ``conftest.py`` at the root of your tests.
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


@pytest.fixture(scope="session")
def ikigai_local_server() -> Iterator[LocalPlatform]:
    """A local platform, one for the whole session; with pytest-xdist, one for each of its workers."""
    with LocalPlatform.start() as platform:
        yield platform


@pytest.fixture
def ikigai_local(ikigai_local_server: LocalPlatform) -> Iterator[LocalAccount]:
    """A fresh account on the local platform for each test; what was ordered of its control API is over at the end."""
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
    """An async client of the test's account, for whatever event loop the test runs on; it closes itself with that."""
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
    """Close a client when its event loop is shut down: loops end the generators that were begun on them."""
    try:
        yield
    finally:
        await client.aclose()
