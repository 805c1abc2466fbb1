"""Follows runs from a cold start, and says what held up the event loop: callbacks, files opened, sleeps."""

from __future__ import annotations

import asyncio
import json
import sys
import threading
import time

from ikigai_core import AsyncIkigai

LONGEST: list[float] = [0.0]
CALLS: set[str] = set()


def note_callbacks() -> None:
    run = asyncio.Handle._run

    def run_and_note(handle: asyncio.Handle) -> None:
        # Processor time: a loaded machine makes no difference.
        began = time.thread_time()
        run(handle)
        LONGEST[0] = max(LONGEST[0], time.thread_time() - began)

    asyncio.Handle._run = run_and_note  # type: ignore[method-assign]


def note_calls(event: str, arguments: tuple[object, ...]) -> None:
    if event in ("open", "time.sleep", "socket.getaddrinfo") and threading.current_thread() is threading.main_thread():
        what = str(arguments[0])
        # asyncio itself loads two small modules for its first thread.
        if not what.endswith((".pyc", ".py")) or "site-packages" in what or "ikigai_core" in what:
            CALLS.add(f"{event} {what}")


async def main(url: str, user: str, key: str, app_name: str, flows: int) -> None:
    client = AsyncIkigai(user, key, url)
    note_callbacks()
    sys.addaudithook(note_calls)
    async with client as ikigai:
        app = await ikigai.apps[app_name]

        async def follow(number: int) -> str:
            flow = await app.flows[f"Flow {number}"]
            run = await flow.launch(keep=lambda kept: time.sleep(0.2))
            log = await run.result(on_update=lambda report: time.sleep(0.2))
            return log.log_id

        ids = await asyncio.gather(*(follow(number) for number in range(flows)))
    said = {"ids": ids, "longest": LONGEST[0], "calls": sorted(CALLS)}
    sys.stdout.write(json.dumps(said))


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:5], int(sys.argv[5])))
