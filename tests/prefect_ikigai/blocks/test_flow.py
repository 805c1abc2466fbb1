"""The block of a flow: what it triggers, and what its runs tell."""

from __future__ import annotations

import asyncio
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from prefect import flow

from ikigai_core import FlowStatus, RunLog, errors
from prefect_ikigai import IkigaiCredentials, IkigaiFlow
from prefect_ikigai.failures import RunNotEndedError


def test_a_saved_block_triggers_runs_that_are_awaited_and_fetched(
    saved_credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any], prefect_server: Any
) -> None:
    copy = make_flow()
    block = IkigaiFlow(credentials=saved_credentials, app=app, flow=copy.name, variables={"output": "by default"})
    block.save("copying", overwrite=True)

    @flow
    def trigger() -> RunLog:
        run = IkigaiFlow.load("copying").trigger()
        with pytest.raises(RunNotEndedError, match="wait_for_completion"):
            run.fetch_result()
        # A run goes to other processes, too.
        run = pickle.loads(pickle.dumps(run))
        run.wait_for_completion()
        return run.fetch_result()

    @flow
    async def atrigger() -> RunLog:
        loaded = await IkigaiFlow.aload("copying")
        private = loaded.model_copy(update={"isolation": "copy", "unique_output": "output"})
        run = await private.atrigger({"output": "of its own"})
        assert run.run["copy_name"] and run.run["unique_output"] == "of its own"
        await run.await_for_completion()
        return await run.afetch_result()

    state = trigger(return_state=True)
    assert [state.result()] == copy.runs()
    assert asyncio.run(atrigger()).status is FlowStatus.SUCCESS
    with saved_credentials.get_client() as ikigai:
        assert list(ikigai.apps[app].flows()) == [copy.name]
    started = prefect_server.events(["ikigai.run.started"], f"ikigai.flow.{copy.flow_id}", 2)
    assert [event["payload"]["variables"]["output"] for event in started] == ["by default", "of its own"]
    flow_run_id = state.state_details.flow_run_id
    assert "Flow 'Copy' ended: SUCCESS" in prefect_server.logs(flow_run_id, until="ended: SUCCESS")
    assert [run["phase"] for run in prefect_server.notes(flow_run_id)] == ["taken"]


def test_a_failed_run_raises_where_it_is_awaited_and_where_it_is_fetched(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any]
) -> None:
    copy = make_flow(fails="no")
    # Outside of Prefect's runs as well.
    run = IkigaiFlow(credentials=credentials, app=app, flow=copy.name).trigger()
    with pytest.raises(errors.RunFailedError, match="'numbers'"):
        run.wait_for_completion()
    with pytest.raises(errors.RunFailedError, match="'numbers'"):
        run.fetch_result()


def test_a_flow_run_that_is_tried_again_triggers_no_second_run(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any]
) -> None:
    copy = make_flow(lasts=1.5)
    block = IkigaiFlow(credentials=credentials, app=app, flow=copy.name)
    tries = []

    @flow(retries=1)
    def trigger() -> None:
        run = block.trigger()
        tries.append(run)
        if len(tries) == 1:
            raise RuntimeError("something else goes wrong")
        run.wait_for_completion()

    trigger()
    assert len(tries) == 2
    assert [log.status for log in copy.runs()] == [FlowStatus.SUCCESS]
