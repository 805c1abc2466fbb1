"""Polling: look at something repeatedly, until a deadline or until the caller stops."""

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
    """Yield the result of each look: one at once, then one per interval.

    Parameters
    ----------
    look : callable
        The function to call, for example ``flow.status`` of the async client.
    interval : float
        Seconds between two looks, varied by up to a tenth, so that many watchers do not look at the same moment.
    deadline : float, optional
        End time in seconds since the epoch. It is absolute, so that a restarted watcher gets no extra time. There is
        always at least one look.
    on_failure : callable, optional
        Called with each failure, after which polling continues. It raises if polling must end. Without it, polling
        continues after transient failures only.
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
