"""Processes are killed, flow runs cancelled, servers restarted: the platform's run is followed, and not doubled."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from prefect import flow
from prefect.client.orchestration import get_client
from prefect.states import Cancelling, Scheduled

from ikigai_core import FlowStatus, errors
from ikigai_core.local.process import LocalPlatform
from prefect_ikigai import IkigaiCredentials, run_flow

pytestmark = pytest.mark.timeout(600)


class Gate:
    """Holds the runs of flows until it is opened."""

    def __init__(self, file: Path) -> None:
        self._file = file

    @property
    def script(self) -> str:
        return f"import os, time\nwhile not os.path.exists({str(self._file)!r}): time.sleep(0.1)\nresult = data"

    def open(self) -> None:
        self._file.touch()


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    return Gate(tmp_path / "open")


def read_pid(file: Path) -> int:
    deadline = time.monotonic() + 60
    while not (file.exists() and file.read_text()):
        assert time.monotonic() < deadline, "the flow run's process did not begin"
        time.sleep(0.1)
    return int(file.read_text())


@contextmanager
def meanwhile(act: Callable[[], None]) -> Iterator[None]:
    """Do something in another thread, and do not go on before it is done."""
    with ThreadPoolExecutor(1) as pool:
        acting = pool.submit(act)
        yield
        acting.result()


def retry(flow_run_id: UUID) -> None:
    """What a user's click on Retry does, until the flow run begins again."""
    deadline = time.monotonic() + 120
    with get_client(sync_client=True) as client:
        while (flow_run := client.read_flow_run(flow_run_id)).run_count < 2:
            # The worker may report the crash once more, after the hooks, and so undo the retry.
            if flow_run.state_name == "Crashed":
                client.set_flow_run_state(flow_run_id, Scheduled(name="AwaitingRetry"), force=True)
            assert time.monotonic() < deadline, f"flow run {flow_run.name} was not tried again: {flow_run.state}"
            time.sleep(0.5)


def test_a_killed_process_is_reported_and_the_next_try_follows_its_run(
    app: str, make_flow: Callable[..., Any], gate: Gate, following: Any, prefect_server: Any, tmp_path: Path
) -> None:
    scripted = make_flow(gate.script)
    flow_run_id = following.run(app=app, name=scripted.name, pid_file=str(tmp_path / "pid"))
    scripted.wait_for(FlowStatus.RUNNING)
    os.kill(read_pid(tmp_path / "pid"), signal.SIGKILL)
    prefect_server.await_state(flow_run_id, "Crashed")
    prefect_server.logs(flow_run_id, until="goes on on the Ikigai platform, which cannot stop it")
    (record,) = prefect_server.artifacts(flow_run_id, "ikigai-run")
    assert record.data["run"]["variables"] == {"output": "mine"}

    retry(flow_run_id)
    prefect_server.logs(flow_run_id, until="an earlier try began a run, which is picked up")
    gate.open()
    prefect_server.await_state(flow_run_id, "Completed")
    assert [log.status for log in scripted.runs()] == [FlowStatus.SUCCESS]
    assert prefect_server.artifacts(flow_run_id, "ikigai-run") == []


def test_a_cancelled_flow_run_reports_its_run_and_the_next_one_follows_it(
    credentials: IkigaiCredentials,
    app: str,
    make_flow: Callable[..., Any],
    gate: Gate,
    following: Any,
    prefect_server: Any,
    tmp_path: Path,
) -> None:
    scripted = make_flow(gate.script)
    cancelled_id = following.run(app=app, name=scripted.name, pid_file=str(tmp_path / "cancelled"))
    scripted.wait_for(FlowStatus.RUNNING)
    with get_client(sync_client=True) as client:
        client.set_flow_run_state(cancelled_id, Cancelling())
    prefect_server.await_state(cancelled_id, "Cancelled")
    prefect_server.logs(cancelled_id, until="goes on on the Ikigai platform, which cannot stop it")
    with credentials.get_client() as ikigai:
        found = ikigai.apps[app].flows[scripted.name]
    (left,) = prefect_server.events(["ikigai.run.left"], f"ikigai.flow.{found.flow_id}")
    assert left["payload"]["certain"] and f"prefect.flow-run.{cancelled_id}" in str(left["related"])
    (artifact,) = [shown for shown in prefect_server.artifacts(cancelled_id, "markdown") if "-left" in shown.key]
    assert str(found.web_url) in artifact.data

    next_id = following.run(app=app, name=scripted.name, pid_file=str(tmp_path / "next"))
    prefect_server.logs(next_id, until=f"flow run {cancelled_id} left a run behind, which is picked up")
    gate.open()
    prefect_server.await_state(next_id, "Completed")
    assert [log.status for log in scripted.runs()] == [FlowStatus.SUCCESS]


def test_a_platform_that_restarts_is_waited_for(
    credentials: IkigaiCredentials,
    app: str,
    make_flow: Callable[..., Any],
    gate: Gate,
    ikigai_local_server: LocalPlatform,
) -> None:
    scripted = make_flow(gate.script)

    @flow
    def follow() -> None:
        run_flow.with_options(retries=3)(credentials, app, scripted.name)

    def restart() -> None:
        scripted.wait_for(FlowStatus.RUNNING)
        ikigai_local_server.kill()
        time.sleep(2)  # for which nobody answers
        ikigai_local_server.restart()

    # The local platform cuts off what it runs: that is how the run ended, and nothing is started anew.
    with meanwhile(restart), pytest.raises(errors.RunFailed, match="stopped while this run was under way"):
        follow()
    assert [log.status for log in scripted.runs()] == [FlowStatus.FAILED]


def test_a_server_that_restarts_costs_nothing(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any], gate: Gate, prefect_server: Any
) -> None:
    scripted = make_flow(gate.script)

    @flow
    def follow() -> None:
        run_flow(credentials, app, scripted.name)

    def restart() -> None:
        scripted.wait_for(FlowStatus.RUNNING)
        prefect_server.stop()
        prefect_server.start()
        prefect_server.wait()
        gate.open()

    with meanwhile(restart):
        state = follow(return_state=True)
    flow_run_id = state.state_details.flow_run_id
    assert prefect_server.flow_run(flow_run_id).state.is_completed()
    assert [log.status for log in scripted.runs()] == [FlowStatus.SUCCESS]
    assert prefect_server.artifacts(flow_run_id, "ikigai-run") == []
    assert [artifact.data for artifact in prefect_server.artifacts(flow_run_id, "progress")] == [100]
