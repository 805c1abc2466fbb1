"""Served flows: schedules fire with the versions that our metadata allow, and runs are suspended and cancelled."""

from __future__ import annotations

import signal
from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID

from prefect.client.schemas.filters import DeploymentFilter, DeploymentFilterId
from prefect.states import Cancelling

from ikigai_core import FlowStatus
from prefect_ikigai import IkigaiCredentials

from . import flows_to_serve
from .servers import eventually


def test_served_flows_run_when_they_are_due_go_on_when_resumed_and_tell_what_a_cancellation_leaves(
    saved_credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any], prefect_server: Any
) -> None:
    copy = make_flow()
    serving = prefect_server.programs.start(str(flows_to_serve.__file__), app, copy.name)
    client = prefect_server.client

    def scheduled(name: str) -> UUID | None:
        deployment = prefect_server.deployment(f"look/{name}")
        wanted = DeploymentFilter(id=DeploymentFilterId(any_=[deployment.id]))
        flow_runs = client.read_flow_runs(deployment_filter=wanted)
        return min(flow_runs, key=lambda one: one.expected_start_time).id if flow_runs else None

    try:
        suspended_id = prefect_server.run_deployment("suspending/served")
        for name in ("by-cron", "by-interval"):
            flow_run_id = eventually(partial(scheduled, name), lambda: "nothing was scheduled")
            assert prefect_server.await_state(flow_run_id, "Completed").auto_scheduled

        prefect_server.await_state(suspended_id, "Suspended")
        client.resume_flow_run(suspended_id)
        prefect_server.await_state(suspended_id, "Completed")
        # What had succeeded before is not run again.
        assert [log.status for log in copy.runs()] == [FlowStatus.SUCCESS]

        copy.lasts(3600)
        cancelled_id = prefect_server.run_deployment("calling/served")
        copy.wait_for(FlowStatus.RUNNING)
        prefect_server.await_started(copy.flow_id)
        client.set_flow_run_state(cancelled_id, Cancelling())
        prefect_server.await_state(cancelled_id, "Cancelled")
        prefect_server.logs(cancelled_id, until="is still running on the Ikigai platform, which cannot stop it")
    finally:
        serving.end(signal.SIGINT)
        copy.finish()
