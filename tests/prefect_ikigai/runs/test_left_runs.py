"""What becomes of runs that nobody follows any more: others take them, once, or a retry starts anew."""

from __future__ import annotations

import os
import signal
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from prefect import flow

from ikigai_core import FlowStatus, RunLog
from ikigai_core.errors import FlowBusyError
from ikigai_core.local.control import LocalControl
from ikigai_core.runs import follow, lost_start
from prefect_ikigai import (
    IkigaiCredentials,
    output_name,
    read_dataset,
    report_left_runs,
    run_flow,
    start_flow,
    wait_for_run,
)
from tests.prefect_ikigai import flows_to_kill
from tests.prefect_ikigai.flow_processes import FlowProcesses
from tests.prefect_ikigai.servers import eventually


def test_a_subflows_run_is_told_of_after_a_kill_and_taken_by_one_flow_run_under_its_own_name(
    credentials: IkigaiCredentials,
    app: str,
    make_flow: Callable[..., Any],
    control: LocalControl,
    prefect_server: Any,
    tmp_path: Path,
) -> None:
    copy = make_flow()
    control.outcome(copy.flow_id, duration=3600, writes=True)
    assert credentials.api_key is not None
    (key_file := tmp_path / "key").write_text(credentials.api_key.get_secret_value())
    given = {"url": credentials.base_url, "user": credentials.user_email, "key_file": str(key_file)}
    with FlowProcesses(prefect_server, Path(flows_to_kill.__file__), tmp_path / "log") as processes:
        killed_id = processes.create(flows_to_kill.calling, **given, app=app, name=copy.name)
        with ThreadPoolExecutor(1) as pool:
            killed = pool.submit(processes.run, killed_id, "calling")
            prefect_server.await_started(copy.flow_id)
            for pid in processes.pids():
                os.kill(pid, signal.SIGKILL)
            assert killed.result().state_name == "Crashed"

    # As whoever watched the process does.
    crashed = prefect_server.flow_run(killed_id)
    report_left_runs(flows_to_kill.calling, crashed, crashed.state)
    (left,) = prefect_server.events(["ikigai.run.left"], f"ikigai.flow.{copy.flow_id}")
    assert f"prefect.flow-run.{killed_id}" in str(left["related"])

    both_are_there, both_have_looked = threading.Barrier(2), threading.Barrier(2)

    @flow
    def following() -> pd.DataFrame | None:
        output = output_name("mine")
        both_are_there.wait()
        try:
            once = start_flow.with_options(retries=0)
            started = once(credentials, app, copy.name, {"output": output}, on_busy="fail")
        except FlowBusyError:
            return None
        finally:
            both_have_looked.wait()
        copy.finish()
        wait_for_run(credentials, started)
        return read_dataset(credentials, app, output)

    with ThreadPoolExecutor(2) as pool:
        told = list(pool.map(lambda context: context.run(following), [copy_context(), copy_context()]))
    (written,) = [frame for frame in told if frame is not None]
    assert len(written) == 1 and [log.status for log in copy.runs()] == [FlowStatus.SUCCESS]
    with credentials.get_client() as ikigai:
        assert len(ikigai.apps[app].datasets.search("mine_")) == 1


@pytest.mark.parametrize(
    ("going", "runs"),
    [({"log_delay": 3600}, 2), ({"sequence": [("IDLE", 3600)]}, 1)],
    ids=["for good", "until it appears"],
)
def test_a_flow_run_whose_run_was_lost_can_be_tried_again(
    credentials: IkigaiCredentials,
    app: str,
    make_flow: Callable[..., Any],
    control: LocalControl,
    prefect_server: Any,
    monkeypatch: pytest.MonkeyPatch,
    going: dict[str, Any],
    runs: int,
) -> None:
    monkeypatch.setattr(follow, "START_GRACE", 1.0)
    monkeypatch.setattr(lost_start, "LOOK_FOR", 3.0)
    copy = make_flow()
    control.outcome(copy.flow_id, times=1, **going)
    tries = []

    @flow(retries=1)
    def run() -> RunLog:
        tries.append(app)
        if len(tries) == 2 and runs == 1:
            copy.finish()
            eventually(copy.runs, lambda: "the log did not appear")
        return run_flow(credentials, app, copy.name)

    state = run(return_state=True)
    assert state.is_completed() and len(tries) == 2
    assert len([begun for begun in control.runs() if begun.flow_id == copy.flow_id]) == runs
    prefect_server.logs(state.state_details.flow_run_id, until="to run it again, retry this flow run")
    assert [run["phase"] for run in prefect_server.notes(state.state_details.flow_run_id)] == ["taken"]
