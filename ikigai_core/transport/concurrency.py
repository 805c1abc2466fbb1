"""Many procedures with a few threads: one that pauses takes none."""

from __future__ import annotations

import heapq
import itertools
import queue
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from ikigai_core.procedure import Pause, Procedure, Step

R = TypeVar("R")


@dataclass(frozen=True)
class _Paused(Generic[R]):
    procedure: Procedure[R]
    until: float


@dataclass(frozen=True)
class _Ended(Generic[R]):
    result: R


def run_all(perform: Callable[[Step], Any], procedures: Iterable[Procedure[R]], workers: int) -> Iterator[R]:
    """Perform procedures side by side, and yield what they return as they end.

    Parameters
    ----------
    perform : callable
        Performs a step, but for pauses; threads may share it.
    procedures : iterable of procedures
    workers : int
        How many steps are performed at once.

    Raises
    ------
    Exception
        What a procedure raises. The others go no further then, and where the caller asks for no more of them.
    """
    landed: queue.SimpleQueue[_Paused[R] | _Ended[R] | BaseException] = queue.SimpleQueue()
    numbers = itertools.count()
    due = [(0.0, next(numbers), procedure, False) for procedure in procedures]
    under_way = 0
    pool = ThreadPoolExecutor(workers, thread_name_prefix="ikigai-watch")
    try:
        while due or under_way:
            now = time.monotonic()
            while due and due[0][0] <= now:
                _, _, procedure, has_begun = heapq.heappop(due)
                pool.submit(_advance, perform, procedure, has_begun, landed)
                under_way += 1
            try:
                arrival = landed.get(timeout=max(due[0][0] - now, 0) if due else None)
            except queue.Empty:
                continue
            under_way -= 1
            if isinstance(arrival, BaseException):
                raise arrival
            if isinstance(arrival, _Paused):
                heapq.heappush(due, (arrival.until, next(numbers), arrival.procedure, True))
            else:
                yield arrival.result
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def _advance(
    perform: Callable[[Step], Any], procedure: Procedure[R], has_begun: bool, landed: queue.SimpleQueue[Any]
) -> None:
    """Perform a procedure's steps until it pauses or ends."""
    try:
        step = procedure.send(time.monotonic() if has_begun else None)
        while not isinstance(step, Pause):
            try:
                answer = perform(step)
            except BaseException as error:
                step = procedure.throw(error)
            else:
                step = procedure.send(answer)
    except StopIteration as end:
        landed.put(_Ended(end.value))
    except BaseException as error:
        landed.put(error)
    else:
        landed.put(_Paused(procedure, time.monotonic() + step.seconds))
