"""Looking at something again and again, for as long as somebody wants to know."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncGenerator, Awaitable, Callable
from typing import TypeVar

from ikigai_core.errors import IkigaiError
from ikigai_core.runs.polling import JITTER

T = TypeVar("T")


async def snapshots(
    look: Callable[[], Awaitable[T]],
    interval: float,
    *,
    deadline: float | None = None,
    on_failure: Callable[[IkigaiError], None] | None = None,
) -> AsyncGenerator[T, None]:
    """What a look shows, at once and then at intervals.

    Parameters
    ----------
    look : callable
        Such as ``flow.status`` of the async client.
    interval : float
        Seconds between two looks; a tenth more or less, so that watchers do not come all at once.
    deadline : float, optional
        When to end, in seconds since the epoch: absolute, so that a watcher that was started again gets no more time.
        There is one look at least.
    on_failure : callable, optional
        Told each failure, after which the looking goes on; it raises where there is no point in that. Without it only
        failures that may pass are outlasted.
    """
    while True:
        try:
            shown = await look()
        except IkigaiError as error:
            if on_failure is not None:
                on_failure(error)
            elif not error.transient:
                raise
        else:
            yield shown
        left = None if deadline is None else deadline - time.time()
        if left is not None and left <= 0:
            return
        seconds = interval * random.uniform(1 - JITTER, 1 + JITTER)
        await asyncio.sleep(seconds if left is None else min(seconds, left))
