"""Runs one flow run, as a worker's process does: `python flow_process.py ORDER`, the order as JSON."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any
from uuid import UUID

import prefect
from prefect.client.orchestration import get_client
from prefect.flow_engine import run_flow

from ikigai_core.runs import copies, lost_start
from prefect_ikigai.runs import start_lease

ROOT = Path(__file__).parents[2]


def main(order: dict[str, Any]) -> None:
    """Run a flow run to its end."""
    module = _load(order["file"])
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
    sys.path[0] = str(ROOT)
    main(json.loads(sys.argv[1]))
