"""The state of a run's flow."""

from __future__ import annotations

from ikigai_core.api import flows
from ikigai_core.procedure import Procedure, send, send_once
from ikigai_core.run_records import FlowStatusReport
from ikigai_core.runs.state import RunState


def report_of(run: RunState) -> Procedure[FlowStatusReport]:
    """Fetch the flow's current state."""
    return FlowStatusReport.read((yield from send(flows.status(run.app_id, run.running_flow_id))))


def glance_at(run: RunState, deadline: float | None = None) -> Procedure[FlowStatusReport]:
    """Fetch the flow's current state as `send_once` does, for callers that try again themselves."""
    return FlowStatusReport.read((yield from send_once(flows.status(run.app_id, run.running_flow_id), deadline)))
