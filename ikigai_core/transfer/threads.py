"""Run jobs concurrently in threads."""

from __future__ import annotations

import os
import threading
from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor, as_completed, wait
from typing import TypeVar

J = TypeVar("J")
R = TypeVar("R")

_AHEAD = min(4, os.cpu_count() or 1)
_FAREWELL = 5.0
"""Seconds to wait for jobs that must stop."""


def side_by_side(jobs: Sequence[J], do: Callable[[J, threading.Event], R], at_once: int) -> list[R]:
    """Run jobs, a few at a time, and return their results in order.

    The first failure is raised, also an interruption by the user. Then jobs that have not started are dropped, and
    an event tells running jobs to stop.
    """
    stop = threading.Event()
    pool = ThreadPoolExecutor(max(min(at_once, len(jobs)), 1), thread_name_prefix="ikigai-transfer")
    futures: list[Future[R]] = []
    try:
        futures += [pool.submit(do, job, stop) for job in jobs]
        for future in as_completed(futures):
            future.result()
    except BaseException:
        stop.set()
        pool.shutdown(wait=False, cancel_futures=True)
        wait(futures, timeout=_FAREWELL)
        raise
    pool.shutdown()
    return [future.result() for future in futures]


def in_order(jobs: Iterable[Callable[[], R]]) -> Iterator[R]:
    """Run jobs concurrently, up to one per CPU, and yield their results in order. Few jobs are ahead of the reader."""
    pool = ThreadPoolExecutor(_AHEAD, thread_name_prefix="ikigai-csv")
    pending: deque[Future[R]] = deque()
    try:
        for job in jobs:
            pending.append(pool.submit(job))
            if len(pending) > _AHEAD:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)
