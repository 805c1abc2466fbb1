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
    IkigaiFlow,
    astart_flow,
    await_for_run,
    materialize_flow,
    read_dataset,
    read_run_logs,
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


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"on_busy": "queue"}, "on_busy is 'queue': choose 'wait', 'attach' or 'fail'"),
        ({"isolation": "copy", "on_busy": "attach"}, "a private copy has none"),
        ({"unique_output": "output"}, "unique_output is 'output', but there is no such run variable"),
    ],
)
def test_options_that_cannot_be_meant_are_refused_before_anything_is_sent(
    credentials: IkigaiCredentials, requests_sent: Callable[[], dict[str, Any]], options: dict[str, Any], says: str
) -> None:
    with pytest.raises(errors.InvalidInputError, match=says):
        run_flow(credentials, "None", "None", **options)
    if "unique_output" not in options:
        # A word that is none of its values is told by pydantic.
        with pytest.raises(ValueError, match=r"a private copy has none|Input should be 'wait', 'attach' or 'fail'"):
            IkigaiFlow(credentials=credentials, app="None", flow="None", **options)
        with pytest.raises(errors.InvalidInputError, match=says):
            materialize_flow("None", "None", {"facets": {}}, **options)
    assert requests_sent()["total"] == 0


def test_app_flow_and_dataset_are_found_by_their_ids_too(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any]
) -> None:
    copy = make_flow()
    with credentials.get_client() as ikigai:
        home = ikigai.apps[app]
        app_id, dataset_id = home.app_id, home.datasets["numbers"].dataset_id

    @flow
    def by_id() -> RunLog:
        log = run_flow(credentials, app_id, copy.flow_id, {"output": "by id"})
        assert read_run_logs(credentials, app_id, copy.flow_id) == [log]
        assert read_dataset(credentials, app_id, dataset_id).equals(read_dataset(credentials, app, "numbers"))
        return log

    assert [by_id()] == copy.runs()
