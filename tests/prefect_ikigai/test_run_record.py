"""Another try follows the run that an earlier one started; nobody else does."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from prefect import Flow, flow
from prefect.client.orchestration import get_client
from prefect.flow_engine import run_flow as run_prefect_flow
from prefect.flows import load_flow_from_entrypoint
from prefect.states import Crashed, Scheduled

from ikigai_core import FlowStatus, RunLog
from prefect_ikigai import IkigaiCredentials, run_flow

SLOW = "import time; time.sleep(4); result = data"

# A script of a user, run by another process.
RERUNNABLE = """
from prefect import flow, runtime
from prefect_ikigai import IkigaiCredentials, run_flow

@flow
def rerunnable(app: str, name: str) -> None:
    print("flow run", runtime.flow_run.id, flush=True)
    run_flow(IkigaiCredentials.load("ikigai"), app, name, {"output": "mine"})

if __name__ == "__main__":
    import sys
    rerunnable(*sys.argv[1:])
"""


def test_a_retried_task_follows_the_run_that_it_started(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[[str], Any], prefect_server: Any
) -> None:
    scripted = make_flow(SLOW)

    @flow
    def run() -> RunLog:
        # Each try gives up long before the run's end, and the next one goes on.
        stubborn = run_flow.with_options(retries=20, retry_delay_seconds=0, retry_condition_fn=lambda *_: True)
        return stubborn(credentials, app, scripted.name, timeout=1.0)

    state = run(return_state=True)
    assert state.is_completed(), state.message
    assert [log.status for log in scripted.runs()] == [FlowStatus.SUCCESS]
    assert "is picked up" in prefect_server.logs(state.state_details.flow_run_id, until="ended: SUCCESS")
    assert len(prefect_server.artifacts(state.state_details.flow_run_id, "ikigai-run")) == 0


def test_a_flow_run_that_is_tried_again_follows_the_run_of_the_process_that_died(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[[str], Any], prefect_server: Any, tmp_path: Path
) -> None:
    scripted = make_flow(SLOW.replace("4", "6"))
    script = tmp_path / "rerunnable.py"
    script.write_text(RERUNNABLE)
    command = [sys.executable, str(script), app, scripted.name]
    with subprocess.Popen(command, env=prefect_server.environ, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            flow_run_id = process.stdout.readline().split()[-1]
            scripted.wait_for(FlowStatus.RUNNING)
        finally:
            os.kill(process.pid, signal.SIGKILL)
    (record,) = prefect_server.artifacts(flow_run_id, "ikigai-run")
    assert record.data["run"]["variables"] == {"output": "mine"}

    # What Prefect does with a flow run whose process is gone, and then where its user asks for a retry.
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(flow_run_id, Crashed(), force=True)
        client.set_flow_run_state(flow_run_id, Scheduled(), force=True)
    again: Flow[..., None] = load_flow_from_entrypoint(f"{script}:rerunnable", use_placeholder_flow=False)
    flow_run = prefect_server.flow_run(flow_run_id)
    run_prefect_flow(again, flow_run=flow_run, parameters=flow_run.parameters)
    assert prefect_server.flow_run(flow_run_id).state.is_completed()
    assert [log.status for log in scripted.runs()] == [FlowStatus.SUCCESS]
    assert prefect_server.artifacts(flow_run_id, "ikigai-run") == []


def test_a_flow_run_that_is_tried_again_after_a_failure_starts_a_new_run(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[[str], Any]
) -> None:
    scripted = make_flow("raise ValueError('not today')")

    @flow(retries=1)
    def run() -> None:
        run_flow(credentials, app, scripted.name)

    assert run(return_state=True).is_failed()
    assert len(scripted.runs()) == 2


def test_tasks_of_one_flow_run_have_runs_of_their_own(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[[str], Any]
) -> None:
    scripted = make_flow("import time; time.sleep(2); result = data")

    @flow
    def run() -> list[RunLog]:
        first = run_flow.submit(credentials, app, scripted.name)
        scripted.wait_for(FlowStatus.RUNNING)
        second = run_flow.submit(credentials, app, scripted.name, on_busy="wait")
        return [first.result(), second.result()]

    first, second = run()
    assert {first.log_id, second.log_id} == {log.log_id for log in scripted.runs()}
    assert first.log_id != second.log_id
