"""A pool of tasks that sends parts (async driver)."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from ikigai_core.procedure import SendParts
from ikigai_core.transfer.parts import PARTS_AT_ONCE, Part, cut


async def send_side_by_side(step: SendParts, put: Callable[[Part], Awaitable[str]]) -> dict[int, str]:
    """Send a file's parts, a few at a time; the first failure cancels the others.

    Returns
    -------
    dict of int to str
        ETags by part number.
    """
    places = asyncio.Semaphore(PARTS_AT_ONCE)

    async def send(part: Part) -> str:
        async with places:
            return await put(part)

    parts = await asyncio.to_thread(lambda: list(cut(step)))
    tasks = [asyncio.ensure_future(send(part)) for part in parts]
    try:
        etags = await asyncio.gather(*tasks)
    except BaseException:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        raise
    return {part.number: etag for part, etag in zip(parts, etags, strict=True)}
