"""Tasks that run one flow, each in processes that may die, be stopped, or be cut off; one step at a time."""

from __future__ import annotations

import heapq
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from ikigai_core.api.call import Call
from ikigai_core.components.flow import Flow
from ikigai_core.errors import (
    IkigaiError,
    RunFailedError,
)
from ikigai_core.procedure import BlockingCall, Pause, Procedure, Step
from ikigai_core.run_records import RunLog
from ikigai_core.runs.flow_run import FlowRun

from .model_faults import FAULTS, Fault, Tape
from .model_history import History
from .model_message import Message
from .model_platform import USER, ModelPlatform
from .model_stores import Lease, Notes, Slot

MOST_TRIES = 4
MOST_STEPS = 20_000
RECORD = {
    "project_id": "app",
    "pipeline_id": "flow",
    "name": "Forecast",
    "created_at": "1715274391",
    "modified_at": "1715274391",
}


class Client:
    """What a flow needs of its client here."""

    user_email = USER
    pages = None


@dataclass
class Told:
    """How a try ended."""

    log: RunLog | None = None
    run: FlowRun | None = None
    error: BaseException | None = None
    is_current: bool = True


@dataclass
class Task:
    """One piece of work, as an orchestrator sees it."""

    name: str
    notes: Notes = field(default_factory=Notes)
    tries: list[Process] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    outcome: Told | None = None
    faults: int = 0


class Process:
    """A process that performs one try of a task."""

    def __init__(self, world: World, task: Task) -> None:
        self.world, self.task, self.number = world, task, len(task.tries) + 1
        self.lease = Lease(world.slot)
        self.is_alive = True
        self.stopped = 0.0
        self.has_ended = False
        self.is_confirmed = False
        self._procedure = self._text()

    def _text(self) -> Procedure[Told]:
        history, store = self.world.history, self.task.notes.of(self.number)
        flow = Flow.bind(RECORD, Client())
        variables = {"task": self.task.name, "output": f"output of {self.task.name}"}
        previous: Any = yield BlockingCall(store.find)
        run = yield from Flow.launch.procedure(
            flow,
            variables,
            on_busy=history.on_busy,  # type: ignore[arg-type]
            isolation="copy" if history.mode == "copy" else "shared",
            on_doubt=history.on_doubt,  # type: ignore[arg-type]
            keep=store.note,
            previous=previous,
            lease=self.lease if history.mode == "lease" else None,
            unique_output="output" if history.unique_output else None,
        )
        log = yield from FlowRun.result.procedure(run, poll=history.poll)
        taken = run.to_dict()
        yield BlockingCall(lambda: store.take(taken))
        return Told(log, run)

    def go(self, answer: Any = None, error: BaseException | None = None) -> None:
        """Take the next step."""
        if not self.is_alive:
            return
        self.world.process = self
        try:
            step = self._procedure.send(answer) if error is None else self._procedure.throw(error)
        except StopIteration as end:
            self._end(end.value)
        except Exception as failure:
            self._end(Told(error=failure))
        else:
            self._perform(step)

    def kill(self) -> None:
        self.is_alive = False
        self._procedure.close()
        self.world.replace(self)

    def stop(self, resume: Callable[[], None]) -> None:
        """Be stopped for a while, in which the orchestrator may take it for dead."""
        seconds = self.world.tape.choose(20.0, 130.0, 700.0)
        self.stopped += seconds
        self.world.at(seconds, resume)
        self.world.replace(self)

    def _end(self, told: Told) -> None:
        self.is_alive, self.has_ended = False, True
        self.task.told.append(told)
        self.world.ended(self, told)

    def _perform(self, step: Step) -> None:
        is_start = isinstance(step, Call) and step.path.endswith("run-pipeline")
        if not is_start:
            self.is_confirmed = isinstance(step, BlockingCall) and step.function == self.lease.renew
        match step:
            case Pause(seconds):
                self.world.at(seconds, lambda: self.go(self.world.now))
            case BlockingCall():
                self._work(step)
            case Call():
                Message(self, step).send()
            case _:
                raise AssertionError(f"unexpected step {step}")

    # -- what belongs to the caller: notes and leases

    def _work(self, step: BlockingCall) -> None:
        possible = self.world.possible("killed before", "killed after", "stopped before", "stopped after")
        is_lease = getattr(step.function, "__self__", None) is self.lease
        possible += () if is_lease else self.world.possible("note fails", "note fails after")
        fault = self.world.fault(self, possible, is_weighty=True)
        if fault == "killed before":
            self.kill()
        elif fault == "stopped before":
            self.stop(lambda: self._did(step, None))
        else:
            self._did(step, fault)

    def _did(self, step: BlockingCall, fault: Fault | None) -> None:
        answer, error = None, None
        try:
            answer = None if fault == "note fails" else step.function()
        except Exception as failure:
            error = failure
        if fault in ("note fails", "note fails after"):
            error = OSError("the store does not answer")
        if fault == "killed after":
            self.kill()
        elif fault == "stopped after":
            self.stop(lambda: self.go(answer, error))
        else:
            self.world.at(self.world.tape.latency(), lambda: self.go(answer, error))


class World:
    """The clock, and all that happens by it."""

    def __init__(self, history: History) -> None:
        self.history, self.tape = history, Tape(history.tape)
        self.now = self.away_until = 0.0
        self.slot = Slot(self, history.lease_seconds)
        self.tasks = [Task(f"task-{n}") for n in range(len(history.outcomes))]
        outcomes = {task.name: outcome for task, outcome in zip(self.tasks, history.outcomes, strict=True)}
        self.platform = ModelPlatform(history.ways, outcomes)
        self.steps = self._count = 0
        self.is_lease_broken = False
        self.looks: list[float] = []
        self.process: Process | None = None
        self._possible = tuple(fault for fault in FAULTS if fault in history.faults)
        self._events: list[tuple[float, int, Callable[[], None]]] = []
        for task, begins in zip(self.tasks, history.begins, strict=True):
            self.at(begins, lambda task=task: self._begin(task))

    def play(self) -> None:
        """Let everything happen, messages that come late included."""
        while self._events:
            self.now, _, action = heapq.heappop(self._events)
            self.steps += 1
            assert self.steps < MOST_STEPS, "it does not end"
            action()

    def at(self, seconds: float, action: Callable[[], None]) -> None:
        """Do something in so many seconds."""
        self._count += 1
        heapq.heappush(self._events, (self.now + seconds, self._count, action))

    def possible(self, *faults: Fault) -> tuple[Fault, ...]:
        return tuple(fault for fault in self._possible if fault in faults)

    def fault(self, process: Process, possible: tuple[Fault, ...], *, is_weighty: bool) -> Fault | None:
        fault = self.tape.fault(possible, is_weighty=is_weighty)
        if fault is not None:
            process.task.faults += 1
        return fault

    def arrived(self, call: Call[Any]) -> tuple[Any, IkigaiError | None]:
        """What the platform answers to a call that arrives now."""
        try:
            return call.read(self.platform.perform(call, self.now)), None
        except IkigaiError as error:
            return None, error

    def replace(self, process: Process) -> None:
        """Let a successor begin after a while, unless the process is heard of before."""
        self.at(self.tape.choose(1.0, 30.0, 100.0, 600.0), lambda: self._succeed(process))

    def ended(self, process: Process, told: Told) -> None:
        """What an orchestrator does about the end of a try: it tries again, where that may help."""
        task = process.task
        told.is_current = task.tries[-1] is process
        if not told.is_current:
            return
        is_final = told.error is None or isinstance(told.error, RunFailedError)
        is_doubt = isinstance(told.error, IkigaiError) and not told.error.transient
        if is_final or len(task.tries) == MOST_TRIES or (is_doubt and not self.tape.take(2)):
            task.outcome = told
        else:
            self.at(self.tape.choose(1.0, 30.0, 300.0), lambda: self._begin(task))

    def _succeed(self, process: Process) -> None:
        task = process.task
        is_last = task.tries[-1] is process and not process.has_ended
        if is_last and task.outcome is None and len(task.tries) < MOST_TRIES:
            self._begin(task)

    def _begin(self, task: Task) -> None:
        process = Process(self, task)
        task.tries.append(process)
        process.go()

    # -- where a lease proves nothing

    def start_arrives(self, process: Process, *, is_confirmed: bool) -> None:
        """Note whether a start came too late for its lease, though that was held when it was sent."""
        is_in_time = self.slot.is_held_by(process.lease)
        is_in_time &= self.now + self.history.ways.start_lag < self.slot.until
        self.is_lease_broken |= is_confirmed and not is_in_time
