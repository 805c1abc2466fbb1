"""Run tasks concurrently on the event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

J = TypeVar("J")
R = TypeVar("R")


async def side_by_side(jobs: Sequence[J], do: Callable[[J], Awaitable[R]], at_once: int) -> list[R]:
    """Run jobs, a few at a time, and return their results in order. The first failure cancels the others."""
    places = asyncio.Semaphore(at_once)

    async def placed(job: J) -> R:
        async with places:
            return await do(job)

    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(placed(job)) for job in jobs]
    except BaseExceptionGroup as failures:
        raise failures.exceptions[0] from None
    return [task.result() for task in tasks]
