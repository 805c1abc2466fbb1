"""Runs that one task starts and another one follows, and runs that a flow run has left."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from prefect import flow

from ikigai_core import FlowStatus, RunLog, errors
from ikigai_core.local.account import LocalAccount
from prefect_ikigai import (
    IkigaiCredentials,
    astart_flow,
    await_for_run,
    run_flow,
    start_flow,
    wait_for_run,
)


def test_one_flow_run_starts_and_another_one_waits(
    credentials: IkigaiCredentials,
    app: str,
    make_flow: Callable[..., Any],
    prefect_server: Any,
    ikigai_local: LocalAccount,
) -> None:
    copy = make_flow(lasts=0.5)

    @flow
    def start() -> dict[str, Any]:
        return start_flow(credentials, app, copy.name)

    @flow
    def wait(run: dict[str, Any]) -> RunLog:
        return wait_for_run(credentials, run)

    @flow
    async def both() -> RunLog:
        return await await_for_run(credentials, await astart_flow(credentials, app, copy.name))

    state = start(return_state=True)
    (record,) = prefect_server.artifacts(state.state_details.flow_run_id, "ikigai-run")
    assert record.data["run"] == state.result()["run"]
    # The platform is told which flow run and task started it.
    [begun] = ikigai_local.control.journal("run-pipeline")
    assert (begun.origin["orchestrator"], begun.origin["flow"]) == ("prefect", "start")
    assert begun.origin["task"] == f"start {copy.name}"
    log = wait(state.result())
    (note,) = prefect_server.notes(state.state_details.flow_run_id)
    assert (note["phase"], note["log_id"]) == ("taken", log.log_id)
    # What is over is returned at once, whatever became of the flow.
    copy.lasts(3600)
    assert wait(state.result()) == log
    copy.lasts(0.5)
    assert [asyncio.run(both()), log] == copy.runs()


def test_a_run_that_a_failed_flow_run_left_is_picked_up_by_the_next_one(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any], prefect_server: Any
) -> None:
    copy = make_flow(lasts=600)

    @flow
    def leave() -> None:
        run_flow.with_options(retries=0)(credentials, app, copy.name, {"output": "mine"}, timeout=0.2)

    @flow
    def run(output: str) -> RunLog:
        start = start_flow.with_options(retries=0)
        started = start(credentials, app, copy.name, {"output": output}, on_busy="fail")
        copy.finish()
        return wait_for_run(credentials, started)

    first = leave(return_state=True)
    with pytest.raises(errors.RunTimeoutError):
        first.result()
    # Other variables make another run, and the flow is busy.
    with pytest.raises(errors.FlowBusyError):
        run("somebody else's")
    second = run("mine", return_state=True)
    assert [second.result()] == copy.runs()
    logged = prefect_server.logs(second.state_details.flow_run_id, until="ended: SUCCESS")
    assert f"the run that flow run {first.state_details.flow_run_id} left" in logged
    assert prefect_server.notes(first.state_details.flow_run_id) == []
    assert [run["phase"] for run in prefect_server.notes(second.state_details.flow_run_id)] == ["taken"]


def test_a_run_that_was_left_and_has_ended_is_not_taken_for_a_new_one(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any], prefect_server: Any
) -> None:
    copy = make_flow()

    @flow
    def leave() -> None:
        start_flow(credentials, app, copy.name)
        raise RuntimeError("something else goes wrong")

    @flow
    def run() -> RunLog:
        return run_flow(credentials, app, copy.name)

    state = leave(return_state=True)
    copy.wait_for(FlowStatus.IDLE)
    with credentials.get_client() as ikigai:
        (record,) = prefect_server.artifacts(state.state_details.flow_run_id, "ikigai-run")
        ikigai.flow_run(record.data["run"]).wait()
    log = run()
    assert len(copy.runs()) == 2 and copy.runs()[0] == log


def test_a_variable_that_json_cannot_hold_is_named_before_anything_is_noted(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any], prefect_server: Any
) -> None:
    copy = make_flow()

    @flow
    def run() -> None:
        run_flow(credentials, app, copy.name, {"output": "mine", "day": date(2026, 1, 2)})

    state = run(return_state=True)
    with pytest.raises(errors.WrongInputTypeError, match=r"Run variable 'day' was of type date: .* \.isoformat\(\)"):
        state.result()
    assert copy.runs() == [] and prefect_server.notes(state.state_details.flow_run_id) == []
