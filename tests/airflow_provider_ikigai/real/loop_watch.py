"""Takes note of what holds up the triggerer's event loop; started with it by the name sitecustomize.

An iteration of the loop is what runs between two looks for something to do: all that time nothing else can happen. Each
that takes long is a line of JSON: CPU and elapsed milliseconds, those of all threads (one that holds the interpreter's
lock holds up the loop too), whether the loop's thread waited for something, and whose steps these were. The garbage
collector looks through all that the process holds, in the step of whoever makes the object too many: it is told apart.
"""

import asyncio
import gc
import json
import os
import resource
import sys
import threading
import time
from pathlib import Path
from weakref import WeakKeyDictionary

FROM_MS = 20


class Watch:
    """Takes the times of a process's event loop."""

    def __init__(self, note: Path) -> None:
        self.note = note
        self.began: tuple[float, float, float, int] | None = None
        self.steps: dict[str, list[float]] = {}
        self.collecting = self.collected = 0.0
        self.names: WeakKeyDictionary[asyncio.Task, str] = WeakKeyDictionary()

    def start(self) -> None:
        """Watch from now on."""
        process_events = asyncio.selector_events.BaseSelectorEventLoop._process_events
        run_once = asyncio.base_events.BaseEventLoop._run_once
        run = asyncio.events.Handle._run

        def watched_events(loop: asyncio.AbstractEventLoop, events: list) -> None:
            self.began, self.steps = self.now(), {}
            process_events(loop, events)

        def watched_once(loop: asyncio.AbstractEventLoop) -> None:
            run_once(loop)
            self.judge()

        def watched_run(handle: asyncio.events.Handle) -> None:
            whose = self.owner(handle)
            began, self.collected = time.thread_time(), 0.0
            run(handle)
            self.add(whose, 1000 * (time.thread_time() - began - self.collected))
            if self.collected:
                self.add("garbage collection", 1000 * self.collected)

        asyncio.selector_events.BaseSelectorEventLoop._process_events = watched_events
        asyncio.base_events.BaseEventLoop._run_once = watched_once
        asyncio.events.Handle._run = watched_run
        gc.callbacks.append(self.collect)

    def collect(self, phase: str, info: dict[str, int]) -> None:
        """Take the time of the garbage collector, which may run in any thread."""
        now = time.thread_time()
        if phase == "start":
            self.collecting = now
        elif threading.current_thread() is threading.main_thread():
            self.collected += now - self.collecting

    def now(self) -> tuple[float, float, float, int]:
        """The thread's CPU time, the clock, the process's CPU time, and how often the thread waited."""
        waits = resource.getrusage(resource.RUSAGE_THREAD).ru_nvcsw
        return time.thread_time(), time.perf_counter(), time.process_time(), waits

    def add(self, whose: str, cpu: float) -> None:
        """Count a step: how many, their milliseconds, the longest."""
        count, total, longest = self.steps.get(whose, (0, 0.0, 0.0))
        self.steps[whose] = [count + 1, total + cpu, max(longest, cpu)]

    def judge(self) -> None:
        """Write down the iteration that is over, where it took long."""
        if self.began is None:
            return
        cpu, elapsed, process, waits = (now - then for now, then in zip(self.now(), self.began, strict=True))
        if 1000 * elapsed >= FROM_MS:
            times = {"cpu": 1000 * cpu, "elapsed": 1000 * elapsed, "process": 1000 * process, "waits": waits}
            line = {**{name: round(value) for name, value in times.items()}, "steps": self.steps}
            with self.note.open("a") as file:
                file.write(json.dumps(line) + "\n")

    def owner(self, handle: asyncio.events.Handle) -> str:
        """Whose step it is: a task's function, and the trigger that it runs; or what is called back."""
        task = getattr(handle._callback, "__self__", None)
        if not isinstance(task, asyncio.Task):
            return getattr(handle._callback, "__qualname__", type(handle._callback).__name__)
        if task not in self.names:
            routine = task.get_coro()
            frame = getattr(routine, "cr_frame", None)
            trigger = frame.f_locals.get("trigger") if frame else None
            name = getattr(routine, "__qualname__", type(routine).__name__)
            self.names[task] = f"{name} {type(trigger).__name__ if trigger else ''}".strip()
        return self.names[task]


if "LOOP_NOTE" in os.environ and "triggerer" in sys.argv:
    # What runs triggers is forked from the process that asks for them, which has loops of its own.
    os.register_at_fork(after_in_child=Watch(Path(os.environ["LOOP_NOTE"])).start)
