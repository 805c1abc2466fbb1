"""Scripts are ended, servers restarted: the platform's run is followed, and not doubled."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pandas as pd
import prefect
import pytest
from prefect import flow
from pydantic import SecretStr

from ikigai_core import FlowStatus, Ikigai
from ikigai_core.local.control import LocalControl
from ikigai_core.local.process import LocalPlatform
from prefect_ikigai import IkigaiCredentials, run_flow, start_flow, wait_for_run
from tests.prefect_ikigai.conftest import COPYING, CSV
from tests.prefect_ikigai.servers import PATIENCE, eventually, meanwhile

pytestmark = pytest.mark.timeout(600)


# Where a task runs, Prefect 3.4.10 ends on SIGTERM without calling a hook.
TERMINATION = signal.SIGINT if prefect.__version__.startswith("3.4.") else signal.SIGTERM
SCRIPT = """
import sys

from prefect import flow
from prefect_ikigai import IkigaiCredentials, report_left_runs, run_flow

url, user, key_file, app, name = sys.argv[1:]

@flow(on_cancellation=[report_left_runs], on_crashed=[report_left_runs], flow_run_name=name)
def following() -> None:
    credentials = IkigaiCredentials(user_email=user, api_key_file=key_file, base_url=url)
    run_flow(credentials, app, name, {"output": "mine"})

following()
"""


def test_a_script_that_is_terminated_reports_its_run_and_the_next_flow_run_follows_it(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any], prefect_server: Any, tmp_path: Path
) -> None:
    copy = make_flow(lasts=3600)
    assert credentials.api_key is not None
    file, key_file = tmp_path / "script.py", tmp_path / "key"
    file.write_text(SCRIPT)
    key_file.write_text(credentials.api_key.get_secret_value())
    # Its credentials are no saved block, so that the hook cannot ask the platform.
    arguments = [credentials.base_url, credentials.user_email, str(key_file), app, copy.name]
    script = prefect_server.programs.start(str(file), *arguments)
    try:
        prefect_server.await_started(copy.flow_id)
    finally:
        script.end(TERMINATION, PATIENCE)
    said = script.log.read_text()
    assert "may still be running on the Ikigai platform, which cannot stop it" in said
    (left,) = prefect_server.events(["ikigai.run.left"], f"ikigai.flow.{copy.flow_id}")
    assert left["payload"]["certain"] is False and left["payload"]["state"] == "Crashed"

    @flow
    def follow() -> None:
        started = start_flow(credentials, app, copy.name, {"output": "mine"})
        copy.finish()
        wait_for_run(credentials, started)

    state = follow(return_state=True)
    assert state.is_completed()
    (crashed,) = [one for one in left["related"] if one["prefect.resource.role"] == "flow-run"]
    crashed_id = crashed["prefect.resource.id"].removeprefix("prefect.flow-run.")
    told = f"continuing with the run that flow run {crashed_id} left"
    prefect_server.logs(state.state_details.flow_run_id, until=told)
    assert [log.status for log in copy.runs()] == [FlowStatus.SUCCESS]


def test_a_platform_that_is_away_for_a_while_is_waited_for(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any], control: LocalControl
) -> None:
    copy = make_flow(lasts=3600)

    @flow
    def follow() -> None:
        run_flow.with_options(retries=0)(credentials, app, copy.name)

    def outage() -> None:
        copy.wait_for(FlowStatus.RUNNING)
        # The run goes on, while nobody who asks gets an answer.
        with control.fault(cut=True, user=credentials.user_email, probability=1.0, lasting=60) as fault:
            eventually(lambda: fault.hits >= 3, lambda: "the platform was not asked")
        copy.finish()

    with meanwhile(outage):
        follow()
    assert [log.status for log in copy.runs()] == [FlowStatus.SUCCESS]


def test_a_restart_of_the_platform_ends_a_run_or_not_and_its_task_says_which(
    prefect_server: Any, tmp_path: Path
) -> None:
    """A run that waits in the queue survives the local platform's restart, and one that it works on does not."""
    gate = tmp_path / "open"
    script = f"import os, time\nwhile not os.path.exists({str(gate)!r}): time.sleep(0.1)\nresult = data"
    working = {"type": "MID.Python", "after": "numbers", "arguments": {"script": script}}
    with LocalPlatform.start(workers=1, unconfined_scripts=True) as platform:
        credentials = IkigaiCredentials(
            user_email=platform.user_email, api_key=SecretStr(platform.api_key), base_url=platform.url
        )
        with Ikigai(platform.user_email, platform.api_key, platform.url) as ikigai:
            home = ikigai.app.new("App").build()
            home.dataset.new("numbers").df(pd.DataFrame({"value": [1]})).build()
            home.flow.new("Queued").definition(COPYING).build()
            facets = COPYING["facets"]
            out = {**facets["out"], "after": "working", "arguments": {**CSV, "dataset_name": "worked on"}}
            facets = {"numbers": facets["numbers"], "working": working, "out": out}
            home.flow.new("Working").definition({"facets": facets}).build()
            flows = home.flows()

        @flow
        def queued() -> None:
            run_flow.with_options(retries=0)(credentials, "App", "Queued")

        @flow(retries=1)
        def worked_on() -> None:
            run_flow(credentials, "App", "Working")

        def await_status(name: str, status: FlowStatus) -> None:
            eventually(lambda: flows[name].status().status is status, lambda: f"{name} never was {status}")

        with ThreadPoolExecutor(2) as pool:
            cut_off = pool.submit(worked_on, return_state=True)
            await_status("Working", FlowStatus.RUNNING)
            survivor = pool.submit(queued, return_state=True)
            await_status("Queued", FlowStatus.SCHEDULED)
            platform.kill()
            time.sleep(1)  # for which nobody answers
            gate.touch()
            platform.restart()
            states = [survivor.result(), cut_off.result()]

        assert all(state.is_completed() for state in states)
        assert [log.status for log in flows["Queued"].run_logs(10)] == [FlowStatus.SUCCESS]
        # The first try failed with what became of its run, and the next one started exactly one new one.
        assert [log.status for log in flows["Working"].run_logs(10)] == [FlowStatus.SUCCESS, FlowStatus.FAILED]
        flow_run = prefect_server.flow_run(states[1].state_details.flow_run_id)
        assert flow_run.run_count == 2
        prefect_server.logs(flow_run.id, until="stopped while this run was under way")


def test_a_restart_of_prefects_server_costs_nothing(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any], prefect_server: Any
) -> None:
    copy = make_flow(lasts=3600)

    @flow
    def follow() -> None:
        run_flow(credentials, app, copy.name)

    def restart() -> None:
        copy.wait_for(FlowStatus.RUNNING)
        prefect_server.stop()
        prefect_server.start()
        copy.finish()

    with meanwhile(restart):
        state = follow(return_state=True)
    flow_run_id = state.state_details.flow_run_id
    assert prefect_server.flow_run(flow_run_id).state.is_completed()
    assert [log.status for log in copy.runs()] == [FlowStatus.SUCCESS]
    assert [run["phase"] for run in prefect_server.notes(flow_run_id)] == ["taken"]
    assert [artifact.data for artifact in prefect_server.artifacts(flow_run_id, "progress")] == [100]
