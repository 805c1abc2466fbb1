"""Watchers see each change, outlast failures that may pass, and end in time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable

import pytest

from ikigai_core.errors import ConnectionFailedError, IkigaiError, InvalidInputError
from ikigai_core.polling import snapshots


def looking_at(*shown: int | IkigaiError) -> Callable[[], Awaitable[int]]:
    """A look that shows one after the other, and the last one again and again."""
    left = list(shown)

    async def look() -> int:
        now = left.pop(0) if len(left) > 1 else left[0]
        if isinstance(now, IkigaiError):
            raise now
        return now

    return look


async def first(count: int, shown: AsyncIterator[int]) -> list[int]:
    found = []
    async for value in shown:
        found.append(value)
        if len(found) == count:
            break
    return found


def test_failures_that_may_pass_are_outlasted() -> None:
    look = looking_at(1, ConnectionFailedError("away"), 2)
    assert asyncio.run(first(2, snapshots(look, 0.01))) == [1, 2]


def test_a_failure_that_stays_ends_it_unless_somebody_takes_note_of_it() -> None:
    with pytest.raises(InvalidInputError):
        asyncio.run(first(2, snapshots(looking_at(1, InvalidInputError("no")), 0.01)))
    told: list[IkigaiError] = []
    look = looking_at(1, InvalidInputError("no"), 2)
    assert asyncio.run(first(2, snapshots(look, 0.01, on_failure=told.append))) == [1, 2]
    assert [str(error) for error in told] == ["no"]


def test_it_ends_at_the_deadline_after_one_look_at_least() -> None:
    assert asyncio.run(first(9, snapshots(looking_at(1), 60, deadline=time.time() - 1))) == [1]
    assert asyncio.run(first(9, snapshots(looking_at(1), 60, deadline=time.time() + 0.05))) == [1, 1]
