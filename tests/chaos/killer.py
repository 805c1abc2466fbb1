"""Kills, freezes and restarts what runs, now and then, by a seed."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from types import TracebackType
from typing import Self

Pids = Callable[[], Iterable[int]]


def kill(pid: int) -> None:
    """End a process as a crash would; nothing happens if it is gone."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def freeze(pid: int, seconds: float) -> None:
    """Stop a process for a while, as a suspended machine or a full swap would."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGSTOP)
        try:
            time.sleep(seconds)
        finally:
            os.kill(pid, signal.SIGCONT)


class Killer:
    """Does harm at random moments, each kind in a thread of its own, while its block runs.

    ``Killer(7).kills(workers.pids, every=(1, 5)).freezes(lambda: [pid], every=(10, 20)).does(chaos.restart, ...)``
    """

    def __init__(self, seed: str = os.environ["IKIGAI_TEST_SEED"]) -> None:
        self._seed = seed
        self._over = threading.Event()
        self._threads: list[threading.Thread] = []
        self._errors: list[BaseException] = []
        self.done: Counter[str] = Counter()

    def kills(self, pids: Pids, *, every: tuple[float, float], name: str = "kill", most: int | None = None) -> Self:
        """Kill one of the processes that there are then, at intervals of so many seconds, from to."""
        return self._pick(pids, kill, every, name, most)

    def freezes(
        self, pids: Pids, *, every: tuple[float, float], seconds: tuple[float, float] = (1, 5), name: str = "freeze"
    ) -> Self:
        """Freeze one of the processes for so many seconds, from to."""
        chance = self._chance(f"{name} for")
        return self._pick(pids, lambda pid: freeze(pid, chance.uniform(*seconds)), every, name)

    def does(
        self, action: Callable[[], object], *, every: tuple[float, float], name: str, most: int | None = None
    ) -> Self:
        """Do anything else, at most so often; what it raises is raised at the end of the block.

        An action that returns False has done nothing, and does not count.
        """
        chance = self._chance(name)

        def work() -> None:
            try:
                while self.done[name] != most and not self._over.wait(chance.uniform(*every)):
                    self.done[name] += action() is not False
            except BaseException as error:
                self._errors.append(error)

        self._threads.append(threading.Thread(target=work, name=name, daemon=True))
        return self

    def __enter__(self) -> Self:
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._over.set()
        for thread in self._threads:
            thread.join()
        if self._errors and error is None:
            raise self._errors[0]

    def _pick(
        self, pids: Pids, harm: Callable[[int], None], every: tuple[float, float], name: str, most: int | None = None
    ) -> Self:
        chance = self._chance(f"{name} whom")

        def act() -> bool:
            there: Sequence[int] = sorted(pids())
            if there:
                harm(chance.choice(there))
            return bool(there)

        return self.does(act, every=every, name=name, most=most)

    def _chance(self, name: str) -> random.Random:
        return random.Random(f"{self._seed} {name}")
