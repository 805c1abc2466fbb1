"""One measurement, in a process of its own: ``client.py TASK APP …`` prints it as JSON.

It runs unchanged with either client: ``ikigai_core``, or the released ``ikigai`` where only that is installed. The
platform comes from the environment.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import resource
import sys
import time
from pathlib import Path
from typing import Any

import requests

PACKAGE = os.environ["BENCHMARKED_CLIENT"]


class LastPart:
    """Knows when the last part of an upload was acknowledged, whichever client sends it through requests."""

    def __init__(self) -> None:
        self.at = 0.0
        send = requests.Session.send

        def send_and_note(session: requests.Session, request: requests.PreparedRequest, **options: Any) -> Any:
            answer = send(session, request, **options)
            if request.method == "PUT":
                self.at = max(self.at, time.perf_counter())
            return answer

        requests.Session.send = send_and_note  # type: ignore[method-assign,assignment]


def connect(app: str) -> Any:
    """The app, through the client that is measured."""
    client = importlib.import_module(PACKAGE).Ikigai(
        user_email=os.environ["IKIGAI_USER_EMAIL"],
        api_key=os.environ["IKIGAI_API_KEY"],
        base_url=os.environ["IKIGAI_BASE_URL"],
    )
    return client.apps[app]


def memory() -> tuple[int, int]:
    """The memory in use, and the most since `forget_peak`, in bytes."""
    lines = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(lines["VmRSS"].split()[0]) * 1024, int(lines["VmHWM"].split()[0]) * 1024


def forget_peak() -> None:
    """Reset the record of the most memory in use (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")


def move(task: str, app_name: str, dataset: str, path: str) -> dict[str, float]:
    """Upload or download, and say how long it took and how much memory beyond that before it."""
    frame = load_frame(path) if task == "upload-frame" else None
    app = connect(app_name)
    last_part = LastPart()
    # The released client has loaded it by now, ours loads it when a frame is wanted: that is a matter of imports.
    importlib.import_module("pandas")
    forget_peak()
    before, _ = memory()
    began = time.perf_counter()
    result: dict[str, float] = {}
    if task == "upload-frame":
        app.dataset.new(dataset).df(frame).build()
    elif task == "upload-csv":
        app.dataset.new(dataset).csv(path).build()
    else:
        result["rows"] = len(app.datasets[dataset].df())
    result["seconds"] = time.perf_counter() - began
    if last_part.at:
        result["seconds_to_last_part"] = last_part.at - began
    result["memory"] = memory()[1] - before
    return result


def run_flow(app_name: str, flow: str) -> dict[str, float]:
    """Run a flow, and say when its end was noticed, on this machine's monotonic clock."""
    log = connect(app_name).flows[flow].run()
    noticed_at = time.monotonic()
    assert log.status == "SUCCESS", log
    return {"noticed_at": noticed_at}


async def follow_many(app_name: str, runs: int, run_seconds: int, start_seconds: int) -> dict[str, float]:
    """Start many flows, one after another over a while, follow all of them, and say what that took."""
    client = importlib.import_module(PACKAGE).AsyncIkigai(
        user_email=os.environ["IKIGAI_USER_EMAIL"],
        api_key=os.environ["IKIGAI_API_KEY"],
        base_url=os.environ["IKIGAI_BASE_URL"],
    )
    note_longest_callback()
    began = time.monotonic()
    async with client as ikigai:
        app = await ikigai.apps[app_name]

        async def follow(number: int) -> float:
            await asyncio.sleep(number * start_seconds / runs)
            flow = await app.flows[f"{run_seconds}s {number}"]
            run = await flow.start()
            started = time.monotonic()
            await run.result()
            return time.monotonic() - started - run_seconds

        asyncio.get_running_loop().call_later(1.0, forget_longest_callback)
        late = await asyncio.gather(*(follow(number) for number in range(runs)), return_exceptions=True)
    ended = [delay for delay in late if isinstance(delay, float)]
    for error in {repr(error) for error in late if not isinstance(error, float)}:
        sys.stderr.write(f"{error}\n")
    seconds = time.monotonic() - began
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "ended": len(ended),
        "seconds": seconds,
        "cpu_seconds": usage.ru_utime + usage.ru_stime,
        "peak_memory": memory()[1],
        "slowest": max(ended, default=0.0),
        "longest_callback": LONGEST[0],
    }


async def follow_again(app_name: str, *names: str) -> dict[str, list[float]]:
    """Run flows side by side, each twice, and say when the end of each run was noticed, on this machine's clock."""
    client = importlib.import_module(PACKAGE).AsyncIkigai(
        user_email=os.environ["IKIGAI_USER_EMAIL"],
        api_key=os.environ["IKIGAI_API_KEY"],
        base_url=os.environ["IKIGAI_BASE_URL"],
    )
    async with client as ikigai:
        app = await ikigai.apps[app_name]

        async def follow(name: str) -> list[float]:
            flow = await app.flows[name]
            noticed = []
            for _ in range(2):
                await (await flow.start()).result()
                noticed.append(time.monotonic())
            return noticed

        return dict(zip(names, await asyncio.gather(*map(follow, names)), strict=True))


LONGEST = [0.0]


def note_longest_callback() -> None:
    """Note for how long, at most, the event loop is held up, in processor time: others' load does not count."""
    run = asyncio.Handle._run

    def run_and_note(handle: asyncio.Handle) -> None:
        began = time.thread_time()
        run(handle)
        LONGEST[0] = max(LONGEST[0], time.thread_time() - began)

    asyncio.Handle._run = run_and_note  # type: ignore[method-assign,assignment]


def forget_longest_callback() -> None:
    """Leave out what the measurement itself did to begin with."""
    LONGEST[0] = 0.0


def measure(task: str, app_name: str, *arguments: str) -> dict[str, Any]:
    """Do the task, and say what it took."""
    if task in ("upload-frame", "upload-csv", "download-frame"):
        return move(task, app_name, *arguments)
    if task == "run-flow":
        return run_flow(app_name, *arguments)
    if task == "follow-many":
        return asyncio.run(follow_many(app_name, *map(int, arguments)))
    if task == "follow-again":
        return asyncio.run(follow_again(app_name, *arguments))
    raise SystemExit(f"no such task: {task}")


def load_frame(path: str) -> Any:
    """The frame that is uploaded, kept as one NumPy or Arrow array for each column, as pandas holds it."""
    import pandas as pd

    return pd.read_pickle(path)


if __name__ == "__main__":
    print(json.dumps(measure(*sys.argv[1:])))
