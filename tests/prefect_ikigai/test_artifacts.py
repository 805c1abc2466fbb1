"""What Prefect's pages show of a run: links, tables, a picture, events."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pandas as pd
from prefect import flow
from prefect.client.orchestration import get_client

from prefect_ikigai import IkigaiCredentials, ensure_flow, preview_dataset, run_flow, upload_dataset
from prefect_ikigai.dataset_steps import Profile
from prefect_ikigai.naming import artifact_key

DEFINITION = {
    "facets": {
        "numbers": {"type": "INPUT.Imported", "dataset": "numbers", "arguments": {"file_type": "csv", "header": True}},
        "out": {"type": "OUTPUT.Exported", "after": "numbers", "arguments": {"dataset_name": "copied"}},
    }
}
NUMBERS = pd.DataFrame({"name": ["one", "two", "x" * 500, None], "value": [1, 2, 3, 4]})


def test_a_run_is_seen_in_artifacts_and_events(credentials: IkigaiCredentials, app: str, prefect_server: Any) -> None:
    @flow
    def copy() -> tuple[str, Profile]:
        upload_dataset(credentials, app, "numbers", NUMBERS)
        flow_id = ensure_flow(credentials, app, "Copy", DEFINITION)["flow_id"]
        run_flow(credentials, app, "Copy")
        return flow_id, preview_dataset(credentials, app, "copied", rows=3)

    state = copy(return_state=True)
    flow_run_id = state.state_details.flow_run_id
    flow_id, profile = state.result()
    with credentials.get_client() as ikigai:
        found = ikigai.apps[app].flows["Copy"]
        (log,) = found.run_logs(5)

    shown = {artifact.key: artifact for artifact in prefect_server.artifacts(flow_run_id, "markdown")}
    picture = shown[artifact_key(app, "Copy", "definition")].data
    assert picture.startswith("```mermaid\nflowchart LR\n") and "Imported<br/>numbers" in picture
    assert f"]({found.web_url}" in shown[artifact_key(app, "Copy", "link")].data
    tables = {artifact.key: artifact.data for artifact in prefect_server.artifacts(flow_run_id, "table")}
    assert (
        log.log_id in tables[artifact_key(app, "Copy", "log")] and "SUCCESS" in tables[artifact_key(app, "Copy", "log")]
    )
    rows = tables[artifact_key(app, "copied", "rows")]
    assert '"one"' in rows and "x" * 200 + "\\u2026" in rows and '"4"' not in rows
    assert (profile.row_count, profile.columns["value"]) == (4, "NUMERIC")
    assert [artifact.data for artifact in prefect_server.artifacts(flow_run_id, "progress")] == [100]

    started, ended = prefect_server.events(["ikigai.run.started", "ikigai.run.succeeded"], f"ikigai.flow.{flow_id}")
    assert ended["follows"] == started["id"]
    assert ended["payload"]["log_id"] == log.log_id and ended["payload"]["app"] == app
    related = {resource["prefect.resource.role"]: resource["prefect.resource.id"] for resource in ended["related"]}
    assert related["run"] == f"ikigai.run.{log.log_id}"
    assert related["flow-run"] == f"prefect.flow-run.{flow_run_id}"
    assert {"app", "task-run", "flow"} <= set(related)


def test_a_failed_run_is_told_with_its_reason(
    credentials: IkigaiCredentials, app: str, make_flow: Callable[[str], Any], prefect_server: Any
) -> None:
    scripted = make_flow("raise ValueError('the numbers do not add up')")
    with credentials.get_client() as ikigai:
        flow_id = ikigai.apps[app].flows[scripted.name].flow_id

    @flow
    def fail() -> None:
        run_flow(credentials, app, scripted.name)

    flow_run_id = fail(return_state=True).state_details.flow_run_id
    (failed,) = prefect_server.events(["ikigai.run.failed"], f"ikigai.flow.{flow_id}")
    assert "'work on them'" in failed["payload"]["message"]
    assert "the numbers do not add up" in failed["payload"]["message"]
    (table,) = prefect_server.artifacts(flow_run_id, "table")
    assert "the numbers do not add up" in table.data
    # The limit that lets one start of the flow through at a time is free again.
    with get_client(sync_client=True) as client:
        limit = client.read_global_concurrency_limit_by_name(f"ikigai-flow-{flow_id}")
    assert (limit.limit, limit.active_slots) == (1, 0)
