"""The example's flow, as a user runs it, and in its async form."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pandas as pd
from prefect import flow
from prefect.client.schemas.objects import State

from ikigai_core import FlowStatus
from prefect_ikigai import (
    IkigaiCredentials,
    adownload_dataset,
    aensure_flow,
    aflow_status,
    aread_run_logs,
    arun_flow,
    aupload_dataset,
)

EXAMPLES = Path(__file__).parents[2] / "examples"


def delays(path: Path) -> pd.Series[float]:
    return pd.read_csv(path)["minutes_late"]


def test_the_example_runs_and_is_recorded(
    saved_credentials: IkigaiCredentials, prefect_server: Any, load_example: Any, tmp_path: Path
) -> None:
    example = load_example("prefect_late_flights")
    output = tmp_path / "late.csv"
    state: State[Path] = example.late_flights(output=output, return_state=True)
    flow_run_id = state.state_details.flow_run_id
    assert prefect_server.flow_run(flow_run_id).state.is_completed()
    assert len(delays(output)) > 0 and delays(output).min() >= 60
    logged = prefect_server.logs(flow_run_id, until="Run log ")
    assert "Flow 'Late flights' ended: SUCCESS" in logged
    assert f"SUCCESS, by {saved_credentials.user_email}" in logged
    (progress,) = prefect_server.artifacts(flow_run_id, "progress")
    assert (progress.key, progress.data) == ("ikigai-late-flights-with-prefect-late-flights", 100)
    assert [note["phase"] for note in prefect_server.notes(flow_run_id)] == ["taken"]


def test_its_async_form(saved_credentials: IkigaiCredentials, app: str, prefect_server: Any, tmp_path: Path) -> None:
    output = tmp_path / "late.csv"

    @flow
    async def late_flights() -> None:
        block = await IkigaiCredentials.aload("ikigai")
        await aupload_dataset(block, app, "flights", EXAMPLES / "data" / "flights.csv")
        await aensure_flow(block, app, "Late flights", EXAMPLES / "late_flights.yaml")
        log = await arun_flow(block, app, "Late flights", {"output": "late now"})
        assert await aread_run_logs(block, app, "Late flights") == [log]
        assert (await aflow_status(block, app, "Late flights")).status is FlowStatus.IDLE
        await adownload_dataset(block, app, "late now", output)

    async def run() -> State[None]:
        return await late_flights(return_state=True)

    flow_run_id = asyncio.run(run()).state_details.flow_run_id
    assert prefect_server.flow_run(flow_run_id).state.is_completed()
    assert len(delays(output)) > 0 and delays(output).min() >= 60
    assert [artifact.data for artifact in prefect_server.artifacts(flow_run_id, "progress")] == [100]
    assert [note["phase"] for note in prefect_server.notes(flow_run_id)] == ["taken"]
