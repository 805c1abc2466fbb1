"""Forks a process for each flow run: `python flow_process.py`. An order a line as JSON, the process's id a line.

Importing Prefect takes seconds; what was imported once serves all processes. Each runs one flow run, as a worker's do.
"""

from __future__ import annotations

import importlib.util
import json
import os
import signal
import sys
from types import ModuleType
from typing import Any
from uuid import UUID

import prefect
from prefect.client.orchestration import get_client
from prefect.flow_engine import run_flow

import prefect_ikigai  # noqa: F401
from ikigai_core import Ikigai  # noqa: F401
from ikigai_core.runs import copies, lost_start
from prefect_ikigai.runs import start_lease


def main() -> None:
    # A process that ends is gone at once.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    modules: dict[str, ModuleType] = {}
    for line in sys.stdin:
        order = json.loads(line)
        module = modules.setdefault(order["file"], _load(order["file"]))
        if not (pid := os.fork()):
            _run(module, order)
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


def _run(module: ModuleType, order: dict[str, Any]) -> None:
    """Run a flow run to its end, in a process of its own."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # Whoever ends the process that forked ends this one, too, but not by closing what it reads from.
    output = os.open(order["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.environ.update(order["environment"])
    _look_for(order["look_for"])
    if "at" in order:
        module.die_at(order["at"])
    flow: prefect.Flow[..., Any] = getattr(module, order["flow"])
    with get_client(sync_client=True) as client:
        flow_run = client.read_flow_run(UUID(order["flow_run_id"]))
    code = 0
    try:
        run_flow(flow, flow_run=flow_run, parameters=flow_run.parameters, return_type="state")
    except BaseException:
        code = 1
    # With Prefect's own background threads, which send what is left.
    sys.exit(code)


def _look_for(seconds: float) -> None:
    """Scale down for how long a start that got lost is looked for, and a dead starter's lease is respected."""
    share = seconds / lost_start.LOOK_FOR
    lost_start.LOOK_FOR = seconds
    for module, name in (
        (copies, "_ARMED_LOOK"),
        (copies, "_FENCED_LOOK"),
        (start_lease, "LEASE"),
        (start_lease, "RENEWAL"),
    ):
        setattr(module, name, getattr(module, name) * share)


def _load(file: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location("flows_of_tests", file)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["flows_of_tests"] = module
    spec.loader.exec_module(module)
    return module


if __name__ == "__main__":
    main()
