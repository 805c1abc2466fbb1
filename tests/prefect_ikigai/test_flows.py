"""Tasks that build flows, run them, and look at their runs."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from prefect import flow
from prefect.client.schemas.objects import State

from ikigai_core import FlowStatus, RunLog, errors
from prefect_ikigai import IkigaiCredentials, arun_flow, ensure_flow, flow_status, read_run_logs, run_flow

DEFINITION = """
facets:
  numbers: {type: INPUT.Imported, dataset: numbers, arguments: {file_type: csv, header: true}}
  some of them:
    type: MID.Filter
    after: numbers
    arguments: {column_name: value, condition: greater_than, value: "THRESHOLD"}
  out: {type: OUTPUT.Exported, after: some of them, arguments: {dataset_name: some numbers, file_type: csv}}
"""


def test_ensuring_again_changes_nothing(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[[str], Any], tmp_path: Path
) -> None:
    make_flow("result = data")  # and with it the dataset

    @flow
    def ensure(threshold: str) -> list[str]:
        file = tmp_path / "some_numbers.yaml"
        file.write_text(DEFINITION.replace("THRESHOLD", threshold))
        changes: list[str] = ensure_flow(credentials, app, "Some numbers", file)["changes"]
        return changes

    assert [ensure("1"), ensure("1"), ensure("2")] == [["created"], [], ["definition"]]


def test_a_faulty_definition_fails_before_anything_is_sent(
    credentials: IkigaiCredentials, requests_sent: Callable[[], dict[str, Any]]
) -> None:
    faulty = {"facets": {"out": {"type": "OUTPUT.Exported", "after": "nowhere"}}}

    @flow
    def ensure() -> None:
        ensure_flow(credentials, "An app", "A flow", faulty, create_app=True)

    before = requests_sent()["total"]
    with pytest.raises(errors.InvalidDefinition, match="'out' comes after 'nowhere'"):
        ensure()
    assert requests_sent()["total"] == before


@pytest.mark.parametrize("form", ["sync", "async"])
def test_a_failed_run_fails_the_task_at_once(
    form: str, credentials: IkigaiCredentials, app: str, make_flow: Callable[[str], Any], prefect_server: Any
) -> None:
    scripted = make_flow("raise ValueError('the numbers do not add up')")

    @flow
    def failing() -> None:
        run_flow.with_options(retries=3, retry_delay_seconds=0)(credentials, app, scripted.name)

    @flow
    async def afailing() -> None:
        await arun_flow.with_options(retries=3, retry_delay_seconds=0)(credentials, app, scripted.name)

    async def run() -> State[None]:
        return await afailing(return_state=True)

    state = failing(return_state=True) if form == "sync" else asyncio.run(run())
    flow_run = prefect_server.flow_run(state.state_details.flow_run_id)
    assert flow_run.state.is_failed()
    assert "'work on them'" in flow_run.state.message and "the numbers do not add up" in flow_run.state.message
    assert [log.status for log in scripted.runs()] == [FlowStatus.FAILED]
    assert prefect_server.artifacts(flow_run.id, "ikigai-run") == []


def test_logs_tell_what_changes_and_no_more(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[[str], Any], prefect_server: Any
) -> None:
    scripted = make_flow("import time; time.sleep(2); result = data")

    @flow
    def run() -> None:
        run_flow(credentials, app, scripted.name)

    flow_run_id = run(return_state=True).state_details.flow_run_id
    logged = prefect_server.logs(flow_run_id, until="ended: SUCCESS").splitlines()
    told = [line for line in logged if line.startswith("Flow 'Scripted'")]
    assert any("RUNNING" in line for line in told)
    assert len(told) == len(set(told)) <= 12


def test_runs_and_status_can_be_asked_for(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[[str], Any]
) -> None:
    scripted = make_flow("result = data")

    @flow
    def look() -> tuple[list[RunLog], list[RunLog], list[RunLog], FlowStatus]:
        before = read_run_logs(credentials, app, scripted.name)
        logs = [run_flow(credentials, app, scripted.name), run_flow(credentials, app, scripted.name)]
        after = read_run_logs(credentials, app, scripted.name, max_count=5)
        return before, logs, after, flow_status(credentials, app, scripted.name).status

    before, logs, after, status = look()
    assert before == []
    assert after == logs[::-1]
    assert status is FlowStatus.IDLE


def test_tasks_work_outside_of_prefect(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[[str], Any]
) -> None:
    scripted = make_flow("result = data")
    log = run_flow.fn(credentials, app, scripted.name)
    assert log.status is FlowStatus.SUCCESS
