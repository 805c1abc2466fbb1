"""Runs that follow an ordered outcome, and the orders."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from ikigai_core.local.jobs.outputs import OutputRefusedError
from ikigai_core.local.jobs.scripted_outcomes import EndStatus, Order, Outcome, Stage
from ikigai_core.local.jobs.scripted_outputs import write_outputs
from ikigai_core.local.jobs.timetable import Timetable
from ikigai_core.local.problems import RunStoppedError
from ikigai_core.local.store import Store
from ikigai_core.local.store.files import Files
from ikigai_core.local.store.flows import Flow
from ikigai_core.local.store.runs import Run

_MOST_ORDERS = 1000
_ORDERED = "This failure was ordered through the control API"
_RESET = "The control API was reset while this run was under way"
_NOT_RUNNING = {"STOPPED", "FAILED", "IDLE"}


@dataclass(frozen=True)
class _Staged:
    """A run with an ordered outcome."""

    run: Run
    outcome: Outcome
    began: float = field(default_factory=time.monotonic)
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def left(self) -> float:
        """Seconds until the end; negative after it."""
        return self.outcome.seconds - (time.monotonic() - self.began)

    def status(self) -> dict[str, Any]:
        """Return the current status of the flow in wire format."""
        stage, done = self._now()
        progress = {"status": stage.status, "message": stage.message}
        if stage.status == "SCHEDULED":
            return {"status": True, "progress": {**progress, "progress": stage.progress or 0}}
        if stage.status == "RUNNING":
            return {"status": True, "progress": {**progress, "progress": done}}
        return {"status": stage.status not in _NOT_RUNNING, "progress": progress}

    def _now(self) -> tuple[Stage, int]:
        """Return the current stage, and the elapsed percentage of the running time."""
        passed = time.monotonic() - self.began
        stages = self.outcome.stages
        whole = sum(stage.seconds for stage in stages if stage.status == "RUNNING")
        ran = 0.0
        for stage in stages:
            in_it = min(passed, stage.seconds)
            ran += in_it if stage.status == "RUNNING" else 0.0
            passed -= in_it
            if in_it < stage.seconds:
                break
        done = min(int(100 * ran / whole), 99) if whole else 0
        return stage, stage.progress if stage.progress is not None else done


class Outcomes:
    """All ordered outcomes, and the runs that follow them without a worker or CPU time.

    Parameters
    ----------
    store : Store
        Keeps the runs.
    files : Files
        Keeps the data that they write.
    """

    def __init__(self, store: Store, files: Files) -> None:
        self._store = store
        self._files = files
        self._lock = threading.Lock()
        self._orders: dict[str, Order] = {}
        self._staged: dict[str, _Staged] = {}
        # End of the log delay of each finished run.
        self._late: dict[str, float] = {}
        self._timetable = Timetable("ordered runs")
        self._is_stopped = False

    def order(self, outcome: Outcome) -> Order:
        """Add an outcome. If there are too many, forget the oldest."""
        order = Order(outcome)
        with self._lock:
            self._orders[order.outcome_id] = order
            while len(self._orders) > _MOST_ORDERS:
                del self._orders[next(iter(self._orders))]
        return order

    def all(self) -> list[Order]:
        """Return all orders, including those that are over, oldest first."""
        with self._lock:
            return list(self._orders.values())

    def cancel(self, outcome_id: str) -> Order | None:
        """Remove and return an order; None if it does not exist. Runs that follow it continue."""
        with self._lock:
            return self._orders.pop(outcome_id, None)

    def clear(self) -> None:
        """Remove all orders. Runs that follow them fail now."""
        with self._lock:
            self._orders.clear()
            self._late.clear()
            staged = list(self._staged.values())
        for one in staged:
            one.cancelled.set()
            if not one.outcome.engine:
                self._store.runs.finish(one.run.run_id, "FAILED", message=_RESET)
            self.forget(one.run.run_id)

    def stage(self, run: Run, flow: Flow, outcome: Outcome | None = None) -> bool:
        """Apply the given or an ordered outcome to a queued run.

        Returns
        -------
        bool
            Whether the run needs no worker.
        """
        wanted = outcome or self._pick(flow)
        if wanted is None:
            return False
        staged = _Staged(run, wanted)
        with self._lock:
            self._staged[run.run_id] = staged
        if wanted.engine:
            return False
        if self._store.runs.begin(run.run_id) is not None:
            if staged.left > 0:
                self._timetable.add(staged.left, lambda: self._end(staged))
            else:
                self._end(staged)
        return True

    def finish(self, flow: Flow, status: EndStatus, message: str, facet: str) -> bool:
        """End a flow's ordered run now with this status; return whether there was one."""
        with self._lock:
            of_flow = [
                staged
                for staged in self._staged.values()
                if staged.run.flow_id == flow.flow_id and not staged.outcome.engine
            ]
        for staged in of_flow:
            how = {"status": status, "message": message, "facet": facet, "log_delay": 0.0}
            self._end(replace(staged, outcome=staged.outcome.model_copy(update=how)))
        return bool(of_flow)

    def status(self, run: Run) -> dict[str, Any] | None:
        """Return the ordered current status of a run in wire format; None if none was ordered or its time is over."""
        staged = self._staged.get(run.run_id)
        return staged.status() if staged is not None and staged.left > 0 else None

    def wait(self, run: Run) -> None:
        """Wait until the ordered duration of a run that the engine executed is over.

        Raises
        ------
        RunStoppedError
            If the platform stops in the meantime.
        """
        staged = self._staged.get(run.run_id)
        if staged is not None and staged.left > 0:
            staged.cancelled.wait(staged.left)
        if self._is_stopped:
            raise RunStoppedError

    @contextmanager
    def ending(self, run: Run) -> Iterator[None]:
        """Apply the ordered log delay to the log that the block writes, and forget the run."""
        staged = self._staged.get(run.run_id)
        if staged is not None and staged.outcome.log_delay:
            now = time.monotonic()
            with self._lock:
                self._late = {run_id: until for run_id, until in self._late.items() if until > now}
                self._late[run.run_id] = now + staged.outcome.log_delay
        yield
        self.forget(run.run_id)

    def late(self) -> set[str]:
        """Return the runs whose logs are still delayed."""
        now = time.monotonic()
        with self._lock:
            return {run_id for run_id, until in self._late.items() if until > now}

    def forget(self, run_id: str) -> None:
        """Forget the ordered outcome of a run."""
        with self._lock:
            staged = self._staged.pop(run_id, None)
        if staged is not None:
            staged.cancelled.set()

    def stop(self) -> None:
        """Stop ending ordered runs."""
        self._is_stopped = True
        self._timetable.stop()
        for staged in list(self._staged.values()):
            staged.cancelled.set()

    def _pick(self, flow: Flow) -> Outcome | None:
        """Return the outcome of a flow's next run: the oldest with runs left, or else the newest without `times`."""
        with self._lock:
            about = [order for order in self._orders.values() if order.outcome.is_about(flow) and not order.is_over]
            counted = [order for order in about if order.outcome.times is not None]
            order = counted[0] if counted else about[-1] if about else None
            if order is None:
                return None
            order.runs += 1
            return order.outcome

    def _end(self, staged: _Staged) -> None:
        run, outcome = staged.run, staged.outcome
        failed = outcome.status == "FAILED"
        facet_id = _facet_id(run, outcome.facet)
        message = outcome.message or (_ORDERED if failed else "")
        try:
            with self.ending(run):
                if outcome.writes and outcome.status == "SUCCESS":
                    write_outputs(run, self._store, self._files)
                else:
                    self._store.runs.finish(run.run_id, outcome.status, facet_id=facet_id, message=message)
        except OutputRefusedError as refusal:
            self._store.runs.finish(run.run_id, "FAILED", facet_id=refusal.facet_id, message=str(refusal))
        except RunStoppedError:
            pass


def _facet_id(run: Run, facet: str) -> str:
    """Return the id of a facet by its name; an id is returned as it is."""
    for candidate in run.definition.get("facets", []):
        if facet and candidate.get("name") == facet:
            return str(candidate["facet_id"])
    return facet
