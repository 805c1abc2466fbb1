"""Runs of flows: start, status, logs."""

from __future__ import annotations

from typing import Any, cast

from fastapi import Request

from ikigai_core.local.control.exchange import origin_of
from ikigai_core.local.problems import bad_request
from ikigai_core.local.server.routes.common import Body, Caller, Given, Limit, PlatformPart
from ikigai_core.local.server.routes.flows import FlowId
from ikigai_core.local.server.routes.routers import guarded_router
from ikigai_core.local.server.schemas.flows import FlowLogFound, FlowLogItem, FlowRef, FlowStatus
from ikigai_core.local.store.runs import Run, RunState

router = guarded_router()

_IDLE: FlowStatus = {"status": False, "progress": {"status": "IDLE", "message": ""}}


class Value(Given):
    value: Any


class RunFlow(Body):
    pipeline: FlowId
    variables: dict[str, Value] | None = None


@router.post("/component/run-pipeline")
def run_flow(request: Request, platform: PlatformPart, caller: Caller, body: RunFlow) -> FlowRef:
    """Start a flow. Its status is no longer IDLE when the answer arrives."""
    flow = platform.store.flows.get(body.pipeline.pipeline_id, app_id=body.pipeline.project_id)
    variables = {name: given.value for name, given in (body.variables or {}).items()}
    known = flow.definition.get("variables") or {}
    for name in variables:
        if name not in known:
            has = ", ".join(known) or "none"
            raise bad_request(f"variables.{name}: flow {flow.name!r} has no variable of this name; it has: {has}")
    agent = request.headers.get("user-agent", "")
    platform.runner.start(flow, caller, variables, agent=agent, origin=origin_of(request.headers))
    return {"pipeline_id": flow.flow_id}


@router.get("/component/is-pipeline-running")
def get_status(platform: PlatformPart, project_id: str, pipeline_id: str) -> FlowStatus:
    """Return whether a flow is running, and its progress."""
    flow = platform.store.flows.get(pipeline_id, app_id=project_id)
    run = platform.store.runs.active(flow.flow_id)
    if run is None:
        return _IDLE
    ordered = platform.outcomes.status(run)
    if ordered is not None:
        return cast(FlowStatus, ordered)
    if run.state == RunState.QUEUED:
        return {"status": True, "progress": {"status": "SCHEDULED", "progress": 0, "message": "Waiting for a worker"}}
    progress = platform.runner.progress(run)
    # The released client shows a running flow at 0 % as complete.
    percent = max(progress.percent, 1)
    return {"status": True, "progress": {"status": "RUNNING", "progress": percent, "message": progress.message}}


@router.get("/component/get-pipeline-log")
def get_logs(platform: PlatformPart, project_id: str, pipeline_id: str, limit: Limit = 1) -> FlowLogFound:
    """Return the logs of a flow's latest runs, newest first."""
    flow = platform.store.flows.get(pipeline_id, app_id=project_id)
    late = platform.outcomes.late()
    runs = [run for run in platform.store.runs.logs(flow.flow_id, limit + len(late)) if run.run_id not in late]
    return {"pipeline_log": [_log_answer(run) for run in runs[:limit]]}


def _log_answer(run: Run) -> FlowLogItem:
    return {
        "log_id": run.run_id,
        "status": run.status,
        "user": run.user,
        "erroneous_facet_id": run.facet_id,
        "message": run.message,
        "timestamp": str(run.timestamp),
        # The real platform has no such field, and its message is empty on success.
        "printed": run.printed,
    }
