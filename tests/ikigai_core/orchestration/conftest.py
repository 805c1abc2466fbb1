"""Both faces of one account, each with what it performs a procedure by."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from ikigai_core import AsyncIkigai, Ikigai
from ikigai_core.local.account import LocalAccount


@dataclass(frozen=True)
class Side:
    """A client of one face, and how it performs what is built of it."""

    ikigai: Any
    perform: Callable[[Any], Any]

    def run(self, procedure: Any) -> Any:
        return self.perform(self.ikigai.run(procedure))


@pytest.fixture(params=["sync", "async"])
def side(request: pytest.FixtureRequest, ikigai_local: LocalAccount) -> Iterator[Side]:
    credentials = (ikigai_local.user_email, ikigai_local.api_key, ikigai_local.url)
    if request.param == "sync":
        with Ikigai(*credentials) as ikigai:
            yield Side(ikigai, lambda result: result)
        return
    with asyncio.Runner() as runner:
        client = AsyncIkigai(*credentials)
        yield Side(client, runner.run)
        runner.run(client.aclose())
