"""The examples of deployments, as their users run them: served from a process, and by a worker that has a bad day."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pandas as pd
import pytest
from prefect.client.schemas.actions import WorkPoolCreate
from prefect.states import Cancelling, Scheduled

from ikigai_core import App, FlowStatus
from ikigai_core.local.account import LocalAccount
from prefect_ikigai import IkigaiCredentials

from .conftest import EXAMPLES
from .programs import Program
from .servers import eventually

pytestmark = pytest.mark.timeout(600)

APP, FLOW = "Late flights with Prefect", "Late flights"
STILL_RUNNING = "is still running on the Ikigai platform, which cannot stop it"


@contextmanager
def beside(program: Program, interruption: int = signal.SIGTERM) -> Iterator[None]:
    """Let a program run beside what is done meanwhile."""
    try:
        yield
    except BaseException as failure:
        failure.add_note(program.log.read_text())
        raise
    finally:
        program.end(interruption)


def test_a_served_flow_runs_and_its_event_sets_another_one_off(
    saved_credentials: IkigaiCredentials, prefect_server: Any, tmp_path: Path
) -> None:
    output = tmp_path / "late.csv"
    serving = prefect_server.programs.start(str(EXAMPLES / "prefect_serve.py"), cwd=EXAMPLES)
    with beside(serving, signal.SIGINT):
        flow_run_id = prefect_server.run_deployment("late-flights/nightly", dataset="late now", output=str(output))
        prefect_server.await_state(flow_run_id, "Completed")
        assert pd.read_csv(output)["minutes_late"].min() >= 60
        with saved_credentials.get_client() as ikigai:
            (log,) = ikigai.apps[APP].flows[FLOW].run_logs()

        announcement = prefect_server.await_flow_run_with(parameters={"log_id": log.log_id})
        prefect_server.await_state(announcement.id, "Completed")
        told = f"Flow {FLOW} of app {APP} has written its data: run log {log.log_id}"
        prefect_server.logs(announcement.id, until=told)
        # Nobody would run what it goes on asking for.
        deployment = prefect_server.client.read_deployment_by_name("announce/after-each-run")
        prefect_server.client.request("DELETE", f"/automations/owned-by/prefect.deployment.{deployment.id}")


@pytest.fixture
def example_app(saved_credentials: IkigaiCredentials, ikigai_local: LocalAccount) -> Iterator[App]:
    """The app of the examples, with a flow whose runs go on until they are told to end."""
    written = "carrier,minutes_late\nUA,95\n"
    ikigai_local.seed(APP, {"flights": EXAMPLES / "data" / "flights.csv", "late_flights_nightly": written.encode()})
    with saved_credentials.get_client() as ikigai:
        app = ikigai.apps[APP]
        flow = app.flow.new(FLOW).definition(EXAMPLES / "late_flights.yaml").build()
        ikigai_local.control.outcome(flow.flow_id, duration=3600)
        yield app


def await_running(app: App) -> None:
    """Wait until the platform runs the flow."""
    flow = app.flows[FLOW]
    eventually(lambda: flow.status().status is FlowStatus.RUNNING, lambda: "the flow was not run")


def kill(server: Any, flow_run_id: UUID) -> None:
    """What befalls the process of a flow run."""
    pid = int(server.flow_run(flow_run_id).infrastructure_pid.rpartition(":")[2])
    os.kill(pid, signal.SIGKILL)


def retry(server: Any, flow_run_id: UUID) -> None:
    """What a user's click on Retry does, until the flow run begins again."""
    deadline = time.monotonic() + 120
    while (flow_run := server.flow_run(flow_run_id)).run_count < 2:
        # The worker may report the crash once more, after the hooks, and so undo the retry.
        if flow_run.state_name == "Crashed":
            server.client.set_flow_run_state(flow_run_id, Scheduled(name="AwaitingRetry"), force=True)
        assert time.monotonic() < deadline, f"flow run {flow_run.name} was not tried again: {flow_run.state}"
        time.sleep(0.5)


def test_a_worker_follows_one_run_through_a_kill_a_retry_and_a_cancellation(
    saved_credentials: IkigaiCredentials,
    example_app: App,
    ikigai_local: LocalAccount,
    prefect_server: Any,
    tmp_path: Path,
) -> None:
    flow = example_app.flows[FLOW]
    output = tmp_path / "late.csv"
    prefect_server.client.create_work_pool(WorkPoolCreate(name="ikigai", type="process"))
    prefect_server.cli("deploy", "--all", cwd=EXAMPLES)
    worker = ("-m", "prefect", "worker", "start", "--pool", "ikigai")
    with beside(prefect_server.programs.start(*worker, cwd=EXAMPLES)):
        first_id = prefect_server.run_deployment("late-flights/worker", output=str(output))
        await_running(example_app)
        prefect_server.await_started(flow.flow_id)
        kill(prefect_server, first_id)
        prefect_server.await_state(first_id, "Crashed")
        prefect_server.logs(first_id, until=STILL_RUNNING)
        (record,) = prefect_server.artifacts(first_id, "ikigai-run")
        assert record.data["run"]["variables"] == {"output": "late_flights_nightly"}

        retry(prefect_server, first_id)
        prefect_server.logs(first_id, until="continuing with the run of an earlier attempt")
        prefect_server.client.set_flow_run_state(first_id, Cancelling())
        prefect_server.await_state(first_id, "Cancelled")
        for left in prefect_server.events(["ikigai.run.left"], f"ikigai.flow.{flow.flow_id}", 2):
            assert left["payload"]["certain"] and f"prefect.flow-run.{first_id}" in str(left["related"])
        reports = [shown for shown in prefect_server.artifacts(first_id, "markdown") if "-left" in shown.key]
        assert reports and all(str(flow.web_url) in shown.data for shown in reports)

        next_id = prefect_server.run_deployment("late-flights/worker", output=str(output))
        prefect_server.logs(next_id, until=f"continuing with the run that flow run {first_id} left")
        ikigai_local.control.finish(flow.flow_id)
        prefect_server.await_state(next_id, "Completed")
    assert [log.status for log in flow.run_logs(10)] == [FlowStatus.SUCCESS]
    assert pd.read_csv(output)["minutes_late"].tolist() == [95]
    assert prefect_server.notes(first_id) == []
    assert [run["phase"] for run in prefect_server.notes(next_id)] == ["taken"]
