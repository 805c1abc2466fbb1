"""Performs many flow runs in processes, and runs those again that failed, crashed or were cancelled."""

from __future__ import annotations

import json
import queue
import random
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import UUID

from tests.chaos.flows import ChaosFlows
from tests.chaos.judge import DOUBTS, Told

from . import flows_for_chaos
from .flow_processes import FlowProcesses, insist


class ChaosCrew:
    """A user and a worker of Prefect's: flow runs that come to nothing are tried again.

    Parameters
    ----------
    chaos : ChaosFlows
        What the items run, in turns.
    url : str
        Where the platform is reached.
    folder : Path
        For what flow runs tell of their items.
    processes : FlowProcesses
    slots : int
        How many flow runs go side by side.
    delays : mapping
        Options of the tasks; by default they are tried again as always.
    failures : int
        How often a flow run that failed is tried again. One that crashed or was cancelled is, as long as there is time.
    """

    def __init__(
        self,
        chaos: ChaosFlows,
        url: str,
        folder: Path,
        processes: FlowProcesses,
        *,
        slots: int = 3,
        delays: Mapping[str, Any] | None = None,
        failures: int = 2,
    ) -> None:
        self._chaos, self._url, self._folder, self._processes = chaos, url, folder, processes
        self._slots, self._delays, self._failures = slots, dict(delays or {}), failures
        self._running: set[UUID] = set()
        self._chance = random.Random(7)
        self.ends: Counter[str] = Counter()

    def perform(self, batches: Mapping[str, Sequence[Sequence[str]]], seconds: float) -> dict[str, list[Told]]:
        """Run batches of items, by their isolation, a flow run for each; say what became of each item."""
        deadline = time.monotonic() + seconds
        waiting: queue.SimpleQueue[tuple[UUID, Path]] = queue.SimpleQueue()
        for isolation, items in _in_turns(batches):
            told = self._folder / f"{items[0]}.json"
            waiting.put((self._ask_for(isolation, items, told), told))
        hands = [threading.Thread(target=self._work, args=(waiting, deadline), daemon=True) for _ in range(self._slots)]
        for hand in hands:
            hand.start()
        for hand in hands:
            hand.join()
        return {
            isolation: [told for items in groups for told in self._told(items)] for isolation, groups in batches.items()
        }

    def some_pids(self, at_most: int) -> Callable[[], list[int]]:
        """What gives the processes that run now, so many times; then none, so that the rest ends in peace."""
        times = iter(range(at_most))

        def pids() -> list[int]:
            there = self._processes.pids()
            return there if there and next(times, None) is not None else []

        return pids

    def cancelling(self, at_most: int) -> Callable[[], None]:
        """What cancels one of the flow runs that go on, so many times."""
        times = iter(range(at_most))

        def cancel() -> None:
            there = sorted(self._running, key=str)
            if there and next(times, None) is not None:
                self._processes.cancel(self._chance.choice(there))

        return cancel

    def _ask_for(self, isolation: str, items: Sequence[str], told: Path) -> UUID:
        platform = self._chaos.platform
        return self._processes.create(
            flows_for_chaos.contending,
            url=self._url,
            user=platform.user_email,
            key=platform.api_key,
            app=self._chaos.app,
            flows=list(self._chaos.flows),
            items=list(items),
            how={"on_busy": "wait", "isolation": isolation},
            told=str(told),
            delays=self._delays,
        )

    def _work(self, waiting: queue.SimpleQueue[tuple[UUID, Path]], deadline: float) -> None:
        while time.monotonic() < deadline:
            try:
                flow_run_id, told = waiting.get_nowait()
            except queue.Empty:
                return
            self._see_through(flow_run_id, told, deadline)

    def _see_through(self, flow_run_id: UUID, told: Path, deadline: float) -> None:
        failures = 0
        while (left := deadline - time.monotonic()) > 0 and failures <= self._failures:
            told.unlink(missing_ok=True)
            self._running.add(flow_run_id)
            try:
                ended = insist(lambda: self._processes.run(flow_run_id, "contending", seconds=left))
            finally:
                self._running.discard(flow_run_id)
            # What fails before it says what became of its items, as the server is away for too long, is tried again.
            is_untold = ended.state_name == "Failed" and not told.exists()
            self.ends["Failed untold" if is_untold else str(ended.state_name)] += 1
            if ended.state_name == "Completed" or (ended.state_name == "Failed" and _is_in_doubt(told)):
                return
            failures += ended.state_name == "Failed" and not is_untold

    def _told(self, items: Sequence[str]) -> list[Told]:
        file = self._folder / f"{items[0]}.json"
        outcomes = json.loads(file.read_text()) if file.exists() else {}
        return [Told(item, **outcomes.get(item, {"ended": "unfinished"})) for item in items]


def batches_of(prefix: str, count: int, size: int) -> list[list[str]]:
    """So many items, in groups."""
    names = [f"{prefix}-{number}" for number in range(count)]
    return [names[start : start + size] for start in range(0, count, size)]


def _is_in_doubt(told: Path) -> bool:
    """Whether doubts are all that failed: another try would have them, too."""
    outcomes = json.loads(told.read_text()).values() if told.exists() else []
    errors = [outcome["error"] for outcome in outcomes if outcome["ended"] == "failed"]
    return bool(errors) and all(any(doubt in error for doubt in DOUBTS) for error in errors)


def _in_turns(batches: Mapping[str, Sequence[Sequence[str]]]) -> list[tuple[str, Sequence[str]]]:
    placed = [
        (number, isolation, items) for isolation, groups in batches.items() for number, items in enumerate(groups)
    ]
    return [(isolation, items) for _, isolation, items in sorted(placed, key=lambda one: one[:2])]
