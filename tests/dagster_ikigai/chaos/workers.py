"""Dagster runs in a pool of run workers; one that was killed is replaced, and its run is re-executed.

What the daemon does with run monitoring and run retries is done here at once: a run whose worker is gone has failed,
and a run that failed is executed again.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import math
import os
import queue
import random
import signal
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerProcess
from pathlib import Path

import dagster as dg

from dagster_ikigai.naming import identifier
from tests.chaos.flows import ChaosFlows
from tests.dagster_ikigai import forks

from . import worker
from .told import has_succeeded, runs_of

ROOT = Path(__file__).parents[3]
_RETRY_DELAY = 0.5


def environ(
    chaos: ChaosFlows, proxied: Mapping[str, str], home: Path, isolation: str, look_for: float
) -> dict[str, str]:
    """The environment of processes that load the code location."""
    return {
        **os.environ,
        **proxied,
        "DAGSTER_HOME": str(home),
        "PYTHONPATH": str(ROOT),
        "PYTHONWARNINGS": "ignore",
        "CHAOS_APP": chaos.app,
        "CHAOS_FLOWS": json.dumps(list(chaos.flows)),
        "CHAOS_ISOLATION": isolation,
        "CHAOS_LOOK_FOR": str(look_for),
    }


@dataclass(frozen=True)
class _Worker:
    process: ForkServerProcess
    line: Connection

    @property
    def pid(self) -> int:
        assert self.process.pid is not None
        return self.process.pid

    def performs(self, order: Mapping[str, str | None]) -> bool:
        """Let it perform an order; whether it has, or was killed before."""
        try:
            self.line.send(order)
            self.line.recv()
        except (EOFError, ConnectionError):
            return False
        return True

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.line.close()


class RunWorkers:
    """Materialize partitions of the flows' assets, each task a partition, the flows in turns.

    Parameters
    ----------
    chaos : ChaosFlows
    environment : mapping
        See `environ`.
    workers : int
    retries : int
        How often a run that failed is executed again; one whose worker was killed, or that was terminated, always is.
    multiprocess : float
        Share of the runs with the default executor, whose steps are processes of their own.
    losses : float
        No worker is offered for a kill once so many were lost: a slow machine gets as many kills as a fast one.
    """

    def __init__(
        self,
        chaos: ChaosFlows,
        environment: Mapping[str, str],
        *,
        workers: int = 4,
        retries: int = 2,
        multiprocess: float = 0.0,
        losses: float = math.inf,
    ) -> None:
        self.instance = dg.DagsterInstance.from_config(environment["DAGSTER_HOME"])
        self.log = Path(environment["DAGSTER_HOME"]) / "workers.log"
        self._chaos, self._environment = chaos, environment
        self._count, self._retries, self._share = workers, retries, multiprocess
        self._losses_left = losses
        self._chance = random.Random(7)
        self._tasks: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        self._workers: dict[int, _Worker] = {}
        self._under_way: dict[int, str] = {}
        self._lock = threading.Lock()
        # Nobody terminates a run while it is looked at how it ended.
        self._judging = threading.Lock()
        self._over = threading.Event()

    def pids(self) -> list[int]:
        """Workers with a run, and their steps' processes; none once the last tasks are under way, so that they end."""
        if self._tasks.empty() or self._losses_left <= 0:
            return []
        workers = [self._workers[number].pid for number in list(self._under_way)]
        return [pid for worker in workers for pid in (worker, *_children(worker))]

    def terminate(self) -> None:
        """Terminate one of the runs that are under way, as Dagster's own launcher does."""
        if self._tasks.empty() or not self._under_way:
            return
        number, task = self._chance.choice(list(self._under_way.items()))
        with self._judging:
            [*_, run] = runs_of(self.instance, task) or [None]
            is_under_way = self._under_way.get(number) == task
            if is_under_way and run is not None and run.status is dg.DagsterRunStatus.STARTED:
                self.instance.report_run_canceling(run)
                with contextlib.suppress(ProcessLookupError):
                    os.kill(self._workers[number].pid, signal.SIGINT)

    def perform(self, tasks: Sequence[str], seconds: float) -> None:
        """Perform tasks; stop in any case after so many seconds."""
        self.instance.add_dynamic_partitions("tasks", list(tasks))
        for task, flow in zip(tasks, itertools.cycle(self._chaos.flows), strict=False):
            self._tasks.put((task, identifier(flow)))
        hands = [threading.Thread(target=self._work, args=(number,), daemon=True) for number in range(self._count)]
        timer = threading.Timer(seconds, self.stop)
        timer.start()
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()
        timer.cancel()
        self.stop()

    def stop(self) -> None:
        """End the workers."""
        with self._lock:
            self._over.set()
            for each in self._workers.values():
                each.process.kill()

    def _work(self, number: int) -> None:
        while not self._over.is_set():
            try:
                task, job = self._tasks.get_nowait()
            except queue.Empty:
                return
            self._perform(number, task, job)

    def _perform(self, number: int, task: str, job: str) -> None:
        left, parent = self._retries, None
        executor = "multiprocess" if self._chance.random() < self._share else "in_process"
        while not self._over.is_set():
            self._execute(number, {"job": job, "task": task, "executor": executor, "parent": parent})
            with self._judging:
                [*_, run] = runs_of(self.instance, task) or [None]
                if run is None or self._over.is_set():
                    continue
                if not run.is_finished:
                    # What the daemon's monitoring finds out later.
                    self.instance.report_run_failed(run)
            if has_succeeded(self.instance, run) or (run.is_failure and not left):
                return
            if run.is_failure:
                left -= 1
                self._over.wait(_RETRY_DELAY)
            parent = run.run_id

    def _execute(self, number: int, order: Mapping[str, str | None]) -> None:
        """Let a worker execute a run; it may be killed before it begins, or amid it."""
        made = self._worker(number)
        if made is None:
            return
        self._under_way[number] = str(order["task"])
        is_done = made.performs(order)
        del self._under_way[number]
        if not is_done:
            self._losses_left -= 1
            made.end()

    def _worker(self, number: int) -> _Worker | None:
        """A worker that is ready; None if all is over."""
        made = self._workers.get(number)
        if made is None or not made.process.is_alive():
            with self._lock:
                if self._over.is_set():
                    return None
                made = self._workers[number] = self._start()
            with contextlib.suppress(EOFError, ConnectionError):
                made.line.recv()
        return made

    def _start(self) -> _Worker:
        mine, its = forks.FORKS.Pipe()
        process = forks.start(worker.work, its, environment=self._environment, folder=ROOT, log=self.log)
        its.close()
        return _Worker(process, mine)


def _children(pid: int) -> list[int]:
    try:
        return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []
