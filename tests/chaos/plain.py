"""The least orchestrator: worker processes of the plain client, a queue of tasks, retries."""

from __future__ import annotations

import itertools
import json
import os
import queue
import signal
import threading
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from tests.ikigai_core.helper_processes import Helper, Helpers

from .flows import ChaosFlows
from .judge import Told
from .notes import FileNotes


class PlainWorkers:
    """Perform tasks in worker processes; one that was killed is replaced, and its task is given to the successor.

    Parameters
    ----------
    chaos : ChaosFlows
        What the tasks run, in turns.
    environment : mapping
        With what the client finds the platform, or the proxy in front of it.
    folder : Path
        For the notes about runs; they go when the end of a task is recorded.
    helpers : Helpers
        Starts the processes.
    isolation : {"shared", "copy"}
    workers : int
    retries : int
        How often a task that failed is tried again. A failed run's note goes first; all others find the note.
    retry_delay : float
        Seconds before that.
    look_for : float
        Seconds for which a start whose answer was lost is looked for.
    """

    def __init__(
        self,
        chaos: ChaosFlows,
        environment: Mapping[str, str],
        folder: Path,
        helpers: Helpers,
        *,
        isolation: str = "shared",
        workers: int = 4,
        retries: int = 2,
        retry_delay: float = 0.5,
        look_for: float = 3.0,
    ) -> None:
        self._chaos, self._notes = chaos, FileNotes(folder)
        self._retries, self._retry_delay = retries, retry_delay
        arguments = [isolation, str(folder), str(look_for)]
        self._start = partial(helpers.start, "plain_worker", arguments, folder, {**os.environ, **environment})
        self._count = workers
        self._workers: dict[int, Helper] = {}
        self._tasks: queue.SimpleQueue[tuple[str, str]] = queue.SimpleQueue()
        self._told: list[Told] = []
        self._lock = threading.Lock()
        self._over = threading.Event()

    def pids(self) -> list[int]:
        """The worker processes that run now; none once the last tasks are under way, so that these come to an end."""
        if self._tasks.empty():
            return []
        with self._lock:
            return [worker.process.pid for worker in self._workers.values() if worker.process.poll() is None]

    def perform(self, tasks: Sequence[str], seconds: float) -> list[Told]:
        """Perform tasks; those that are not done in time are told as unfinished."""
        for task, flow in zip(tasks, itertools.cycle(self._chaos.flows), strict=False):
            self._tasks.put((task, flow))
        hands = [threading.Thread(target=self._work, args=(n,), daemon=True) for n in range(self._count)]
        for hand in hands:
            hand.start()
        timer = threading.Timer(seconds, self._end)
        timer.start()
        for hand in hands:
            hand.join()
        timer.cancel()
        for worker in self._workers.values():
            worker.end()
        done = {told.task for told in self._told}
        return [*self._told, *(Told(task, "unfinished") for task in tasks if task not in done)]

    def _work(self, number: int) -> None:
        while not self._over.is_set():
            try:
                task, flow = self._tasks.get_nowait()
            except queue.Empty:
                return
            told = self._perform(number, task, flow)
            if told is not None:
                self._told.append(Told(task, **told))
                self._notes.forget(task)

    def _perform(self, number: int, task: str, flow: str) -> dict[str, Any] | None:
        left = self._retries
        while not self._over.is_set():
            told = self._try(number, {"app": self._chaos.app, "flow": flow, "task": task})
            if told is None:
                continue
            if told["ended"] == "success" or not left:
                return told
            left -= 1
            if told["error"].startswith("RunFailedError"):
                self._notes.forget(task)
            self._over.wait(self._retry_delay)
        return None

    def _try(self, number: int, order: dict[str, str]) -> dict[str, Any] | None:
        """What a worker makes of a task; None if it was killed."""
        worker = self._worker(number)
        if worker is None:
            return None
        worker.tell(json.dumps(order))
        if answer := worker.says():
            told: dict[str, Any] = json.loads(answer)
            return told
        with self._lock:
            code = worker.process.wait()
        if code != -signal.SIGKILL:
            return {"ended": "failed", "error": f"its worker ended by itself, with {code}"}
        return None

    def _worker(self, number: int) -> Helper | None:
        with self._lock:
            worker = self._workers.get(number)
            if self._over.is_set() or (worker is not None and worker.process.poll() is None):
                return None if self._over.is_set() else worker
            if worker is not None:
                worker.end()
            self._workers[number] = self._start()
            return self._workers[number]

    def _end(self) -> None:
        with self._lock:
            self._over.set()
            for worker in self._workers.values():
                worker.process.kill()
