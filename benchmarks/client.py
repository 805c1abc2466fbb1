"""One measurement, in a process of its own: ``client.py TASK APP DATASET PATH`` prints it as JSON.

It runs unchanged with either client: ``ikigai_core``, or the released ``ikigai`` where only that is installed. The
platform comes from the environment.
"""

from __future__ import annotations

import importlib
import json
import os
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
    """Begin to look for the most memory in use anew (Linux)."""
    Path("/proc/self/clear_refs").write_text("5")


def measure(task: str, app_name: str, dataset: str, path: str) -> dict[str, float]:
    """Do the task, and say how long it took and how much memory beyond that before it."""
    frame = load_frame(path) if task == "upload-frame" else None
    app = connect(app_name)
    last_part = LastPart()
    forget_peak()
    before, _ = memory()
    began = time.perf_counter()
    result: dict[str, float] = {}
    if task == "upload-frame":
        app.dataset.new(dataset).df(frame).build()
    elif task == "upload-csv":
        app.dataset.new(dataset).csv(path).build()
    elif task == "download-frame":
        result["rows"] = len(app.datasets[dataset].df())
    else:
        raise SystemExit(f"no such task: {task}")
    result["seconds"] = time.perf_counter() - began
    if last_part.at:
        result["seconds_to_last_part"] = last_part.at - began
    result["memory"] = memory()[1] - before
    return result


def load_frame(path: str) -> Any:
    """The frame that is uploaded, kept as one NumPy or Arrow array for each column, as pandas holds it."""
    import pandas as pd

    return pd.read_pickle(path)


if __name__ == "__main__":
    print(json.dumps(measure(*sys.argv[1:5])))
