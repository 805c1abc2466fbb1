"""Run many procedures with a few threads. A procedure that pauses uses no thread."""

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
    """Run procedures concurrently, and yield their results as they end.

    Parameters
    ----------
    perform : callable
        Performs a step, except pauses. Must be thread-safe.
    procedures : iterable of procedures
    workers : int
        Maximum number of concurrent steps.

    Raises
    ------
    Exception
        The error of a procedure. The other procedures then stop, as they do if the caller closes the iterator.
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
    """Run a procedure until it pauses or ends."""
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
