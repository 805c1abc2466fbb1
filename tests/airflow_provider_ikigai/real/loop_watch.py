"""Takes note of what holds up the triggerer's event loop; started with it by the name sitecustomize."""

import asyncio
import os
import time
from pathlib import Path

FROM_MS = 20


def watch(note: Path) -> None:
    """Write down each step of the loop that takes long: CPU and elapsed milliseconds, and whose step it is."""
    run = asyncio.events.Handle._run

    def watched(self: asyncio.events.Handle) -> None:
        elapsed, cpu = time.perf_counter(), time.thread_time()
        run(self)
        cpu, elapsed = 1000 * (time.thread_time() - cpu), 1000 * (time.perf_counter() - elapsed)
        if elapsed >= FROM_MS:
            owner = getattr(self._callback, "__self__", None)
            whose = owner.get_coro().__qualname__ if isinstance(owner, asyncio.Task) else repr(self._callback)[:80]
            with note.open("a") as file:
                file.write(f"{cpu:.0f} {elapsed:.0f} {whose}\n")

    asyncio.events.Handle._run = watched


if "LOOP_NOTE" in os.environ and b"triggerer" in Path("/proc/self/cmdline").read_bytes():
    watch(Path(os.environ["LOOP_NOTE"]))
