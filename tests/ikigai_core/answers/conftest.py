"""Clients of both kinds on a platform that answers as it is told."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from ikigai_core import AsyncIkigai, Ikigai
from ikigai_core.procedure import Pause, Step
from ikigai_core.runs import polling
from ikigai_core.transport.aio import AsyncDriver
from ikigai_core.transport.retry import RetryPolicy
from ikigai_core.transport.sync import SyncDriver

from .canned_platform import CannedPlatform
from .operations import Operation
from .spoiling import KEY

POLICY = RetryPolicy(attempts=2, first=0.001, longest=0.001)
SETTINGS: dict[str, Any] = {
    "call_timeout": 3.0,
    "read_timeout": 2.0,
    "connect_timeout": 1.0,
    "processing_timeout": 30.0,
    "answer_limit": 5_000_000,
}


class Impatient:
    """Lets pauses pass at once. The clock goes on all the same."""

    skipped = 0.0

    def skip(self, step: Pause) -> float:
        self.skipped += step.seconds
        return time.monotonic() + self.skipped


class ImpatientSync(Impatient, SyncDriver):
    def _perform(self, step: Step) -> Any:
        return self.skip(step) if isinstance(step, Pause) else super()._perform(step)


class ImpatientAsync(Impatient, AsyncDriver):
    async def _perform(self, step: Step) -> Any:
        return self.skip(step) if isinstance(step, Pause) else await super()._perform(step)


@pytest.fixture(autouse=True)
def _own_budget(monkeypatch: pytest.MonkeyPatch) -> None:
    """Clocks that skip pauses run ahead, and do not share turns with those that do not."""
    monkeypatch.setattr(polling, "BUDGET", polling.RateLimiter())


@pytest.fixture(scope="module")
def platform() -> Iterator[CannedPlatform]:
    platform = CannedPlatform()
    yield platform
    platform.close()


@pytest.fixture(params=["sync", "async"])
def use(request: pytest.FixtureRequest, platform: CannedPlatform, tmp_path: Path) -> Any:
    """Run an operation with a new client of either kind. Its connections are of no use after a spoilt answer."""
    given = ("bob@example.com", KEY, platform.url)

    def use_sync(operation: Operation) -> None:
        with Ikigai(*given, **SETTINGS) as ikigai:
            ikigai._driver = ImpatientSync(ikigai._config, POLICY)
            running: Any = operation(ikigai, tmp_path)
            with pytest.raises(StopIteration):
                running.send(None)

    def use_async(operation: Operation) -> None:
        async def main() -> None:
            async with AsyncIkigai(*given, **SETTINGS) as ikigai:
                ikigai._driver = ImpatientAsync(ikigai._config, POLICY)
                await operation(ikigai, tmp_path)

        asyncio.run(main())

    return use_sync if request.param == "sync" else use_async


@pytest.fixture(autouse=True)
def _no_journals(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IKIGAI_RESUME_UPLOADS", "0")
