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
    credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any], tmp_path: Path
) -> None:
    make_flow()  # and with it the dataset
    file = tmp_path / "some_numbers.yaml"

    @flow
    def ensure() -> list[list[str]]:
        changes = []
        for threshold in ("1", "1", "2"):
            file.write_text(DEFINITION.replace("THRESHOLD", threshold))
            changes.append(ensure_flow(credentials, app, "Some numbers", file)["changes"])
        return changes

    assert ensure() == [["created"], [], ["definition"]]


def test_a_faulty_definition_fails_before_anything_is_sent(
    credentials: IkigaiCredentials, requests_sent: Callable[[], dict[str, Any]]
) -> None:
    faulty = {"facets": {"out": {"type": "OUTPUT.Exported", "after": "nowhere"}}}
    before = requests_sent()["total"]
    with pytest.raises(errors.InvalidDefinitionError, match="'out' comes after 'nowhere'"):
        ensure_flow.fn(credentials, "An app", "A flow", faulty, create_app=True)
    assert requests_sent()["total"] == before


def test_a_failed_run_fails_the_task_at_once(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any], prefect_server: Any
) -> None:
    failing = make_flow(fails="the numbers do not add up")

    @flow
    def fail() -> None:
        run_flow.with_options(retries=3, retry_delay_seconds=0)(credentials, app, failing.name)

    @flow
    async def afail() -> None:
        await arun_flow.with_options(retries=3, retry_delay_seconds=0)(credentials, app, failing.name)

    async def run() -> State[None]:
        return await afail(return_state=True)

    states = [fail(return_state=True), asyncio.run(run())]
    flow_runs = [prefect_server.flow_run(state.state_details.flow_run_id) for state in states]
    for flow_run in flow_runs:
        assert flow_run.state.is_failed()
        assert "'numbers'" in flow_run.state.message and "the numbers do not add up" in flow_run.state.message
        assert [note["log"]["status"] for note in prefect_server.notes(flow_run.id)] == ["FAILED"]
        (table,) = prefect_server.artifacts(flow_run.id, "table")
        assert "the numbers do not add up" in table.data
    assert [log.status for log in failing.runs()] == [FlowStatus.FAILED] * 2

    for event in prefect_server.events(["ikigai.run.failed"], f"ikigai.flow.{failing.flow_id}", 2):
        assert "'numbers'" in event["payload"]["message"]
    # The limit that lets one start of the flow through at a time is gone again.
    limits = prefect_server.client.read_global_concurrency_limits(limit=200)
    assert [limit.name for limit in limits if failing.flow_id in limit.name] == []


def test_runs_and_status_can_be_asked_for(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any]
) -> None:
    copy = make_flow()

    @flow
    def look() -> tuple[list[RunLog], list[RunLog], list[RunLog], FlowStatus]:
        before = read_run_logs(credentials, app, copy.name)
        logs = [run_flow(credentials, app, copy.name), run_flow(credentials, app, copy.name)]
        after = read_run_logs(credentials, app, copy.name, max_count=5)
        return before, logs, after, flow_status(credentials, app, copy.name).status

    before, logs, after, status = look()
    assert before == []
    assert after == logs[::-1]
    assert status is FlowStatus.IDLE


def test_tasks_work_outside_of_prefect(credentials: IkigaiCredentials, app: str, make_flow: Callable[..., Any]) -> None:
    copy = make_flow()
    assert run_flow.fn(credentials, app, copy.name).status is FlowStatus.SUCCESS
    assert asyncio.run(arun_flow.fn(credentials, app, copy.name)).status is FlowStatus.SUCCESS
