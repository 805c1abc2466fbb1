"""How runs go on order: what their status says, for how long, and how they end."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from ikigai_core.local.control.faults import ANY, Seconds
from ikigai_core.local.jobs.outputs import OutputRefusedError
from ikigai_core.local.jobs.scripted_outputs import write_outputs
from ikigai_core.local.jobs.timetable import Timetable
from ikigai_core.local.problems import RunStoppedError
from ikigai_core.local.store import Store
from ikigai_core.local.store.files import Files
from ikigai_core.local.store.flows import Flow
from ikigai_core.local.store.ids import new_id
from ikigai_core.local.store.runs import Run

_MOST_ORDERS = 1000
_MOST_STAGES = 1000
_ORDERED = "This failure was ordered through the control API"
_RESET = "The control API was reset while this run was under way"

RunStatus = Literal["SCHEDULED", "RUNNING", "STOPPING", "STOPPED", "FAILED", "IDLE", "UNKNOWN"]
EndStatus = Literal["SUCCESS", "FAILED", "STOPPED"]
_NOT_RUNNING = {"STOPPED", "FAILED", "IDLE"}


class Stage(BaseModel):
    """What a flow's status says for a while; `progress` in percent, by default as far as its running time has come."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    status: RunStatus
    seconds: Seconds
    progress: Annotated[int, Field(ge=0, le=100)] | None = None
    message: str = ""


class Outcome(BaseModel):
    """How runs of a flow go; `ikigai_core.local.control.LocalControl.outcome` explains the fields."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    flow: str = ANY
    status: EndStatus = "SUCCESS"
    message: str = ""
    facet: str = ""
    duration: Seconds | None = None
    sequence: Annotated[tuple[Stage, ...], Field(max_length=_MOST_STAGES)] = ()
    log_delay: Seconds = 0.0
    engine: bool = False
    writes: bool = False
    times: Annotated[int, Field(ge=1)] | None = None

    @model_validator(mode="after")
    def _is_one_outcome(self) -> Self:
        if self.sequence and self.duration is not None:
            raise ValueError("duration and sequence cannot go together: a sequence lasts as long as its stages")
        if self.engine and (self.status, self.message, self.facet) != ("SUCCESS", "", ""):
            raise ValueError("engine runs the flow, which ends as it ends: leave status, message and facet out")
        if self.writes and (self.engine or self.status != "SUCCESS"):
            raise ValueError("writes is for runs that succeed without the engine, which writes by itself")
        return self

    @property
    def stages(self) -> tuple[Stage, ...]:
        """What the flow's status says, one after another."""
        return self.sequence or (Stage(status="RUNNING", seconds=self.duration or 0.0),)

    @property
    def seconds(self) -> float:
        """From the start to the end."""
        return sum(stage.seconds for stage in self.stages)

    def is_about(self, flow: Flow) -> bool:
        """Say whether it is meant for this flow."""
        return self.flow in (ANY, flow.flow_id, flow.name)


@dataclass
class Order:
    """An outcome that was ordered, and how many runs took it."""

    outcome: Outcome
    outcome_id: str = field(default_factory=new_id)
    runs: int = 0

    @property
    def is_over(self) -> bool:
        """Whether no more runs take it."""
        return self.outcome.times is not None and self.runs >= self.outcome.times

    def report(self) -> dict[str, Any]:
        """Return it as the control API answers it."""
        return {
            "outcome_id": self.outcome_id,
            "runs": self.runs,
            "is_over": self.is_over,
            **self.outcome.model_dump(exclude_defaults=True),
        }


@dataclass(frozen=True)
class _Staged:
    """A run that goes as ordered."""

    run: Run
    outcome: Outcome
    began: float = field(default_factory=time.monotonic)
    cancelled: threading.Event = field(default_factory=threading.Event)

    @property
    def left(self) -> float:
        """Seconds until its end; negative after it."""
        return self.outcome.seconds - (time.monotonic() - self.began)

    def status(self) -> dict[str, Any]:
        """Return what the flow's status says now, as the wire has it."""
        stage, done = self._now()
        progress = {"status": stage.status, "message": stage.message}
        if stage.status == "SCHEDULED":
            return {"status": True, "progress": {**progress, "progress": stage.progress or 0}}
        if stage.status == "RUNNING":
            return {"status": True, "progress": {**progress, "progress": done}}
        return {"status": stage.status not in _NOT_RUNNING, "progress": progress}

    def _now(self) -> tuple[Stage, int]:
        """The stage that it is in, and the percentage of the running time that is over."""
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
    """The outcomes that were ordered, and the runs that go by them, which take neither a worker nor CPU time.

    Parameters
    ----------
    store : Store
        Where runs are kept.
    files : Files
        Where what they write is kept.
    """

    def __init__(self, store: Store, files: Files) -> None:
        self._store = store
        self._files = files
        self._lock = threading.Lock()
        self._orders: dict[str, Order] = {}
        self._staged: dict[str, _Staged] = {}
        # Until when the logs of runs that are over are kept back.
        self._late: dict[str, float] = {}
        self._timetable = Timetable("ordered runs")
        self._is_stopped = False

    def order(self, outcome: Outcome) -> Order:
        """Order an outcome; the oldest are forgotten where there are very many."""
        order = Order(outcome)
        with self._lock:
            self._orders[order.outcome_id] = order
            while len(self._orders) > _MOST_ORDERS:
                del self._orders[next(iter(self._orders))]
        return order

    def all(self) -> list[Order]:
        """Return all orders, used up or not, oldest first."""
        with self._lock:
            return list(self._orders.values())

    def cancel(self, outcome_id: str) -> Order | None:
        """Take an order back; return what became of it. Runs that go by it go on."""
        with self._lock:
            return self._orders.pop(outcome_id, None)

    def clear(self) -> None:
        """Take all orders back; runs that go by them fail now."""
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
        """Have a queued run go by the outcome that is given, or else ordered.

        Returns
        -------
        bool
            Whether nobody else has to run it.
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
        """End a flow's run that was ordered, now and so; say whether there was one."""
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
        """Return what an unfinished run's status was ordered to say now, as the wire has it; None if nothing was."""
        staged = self._staged.get(run.run_id)
        return staged.status() if staged is not None and staged.left > 0 else None

    def wait(self, run: Run) -> None:
        """Return once a run that the engine has run may end.

        Raises
        ------
        RunStoppedError
            If the platform stops meanwhile.
        """
        staged = self._staged.get(run.run_id)
        if staged is not None and staged.left > 0:
            staged.cancelled.wait(staged.left)
        if self._is_stopped:
            raise RunStoppedError

    @contextmanager
    def ending(self, run: Run) -> Iterator[None]:
        """Keep the log that is written inside back for as long as was ordered, and forget the run."""
        staged = self._staged.get(run.run_id)
        if staged is not None and staged.outcome.log_delay:
            now = time.monotonic()
            with self._lock:
                self._late = {run_id: until for run_id, until in self._late.items() if until > now}
                self._late[run.run_id] = now + staged.outcome.log_delay
        yield
        self.forget(run.run_id)

    def late(self) -> set[str]:
        """Return the runs whose logs are kept back now."""
        now = time.monotonic()
        with self._lock:
            return {run_id for run_id, until in self._late.items() if until > now}

    def forget(self, run_id: str) -> None:
        """Order nothing more about a run."""
        with self._lock:
            staged = self._staged.pop(run_id, None)
        if staged is not None:
            staged.cancelled.set()

    def stop(self) -> None:
        """Have no more runs end."""
        self._is_stopped = True
        self._timetable.stop()
        for staged in list(self._staged.values()):
            staged.cancelled.set()

    def _pick(self, flow: Flow) -> Outcome | None:
        """Take the outcome of a flow's next run: the oldest with runs left, else the newest without a number."""
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
    """Return the id of the facet that is meant; an id is taken as it is."""
    for candidate in run.definition.get("facets", []):
        if facet and candidate.get("name") == facet:
            return str(candidate["facet_id"])
    return facet
