"""What Prefect's pages show of a run: logs, links, tables, a picture, events."""

from __future__ import annotations

from typing import Any

import pandas as pd
from prefect import flow

from ikigai_core.local.control import LocalControl
from prefect_ikigai import IkigaiCredentials, ensure_flow, preview_dataset, run_flow, upload_dataset
from prefect_ikigai.dataset_profile import Profile
from prefect_ikigai.naming import artifact_key

DEFINITION = {
    "facets": {
        "numbers": {"type": "INPUT.Imported", "dataset": "numbers", "arguments": {"file_type": "csv", "header": True}},
        "out": {"type": "OUTPUT.Exported", "after": "numbers", "arguments": {"dataset_name": "copied"}},
    }
}
NUMBERS = pd.DataFrame({"name": ["one", "two", "x" * 500, None], "value": [1, 2, 3, 4]})


def test_a_run_is_seen_in_logs_artifacts_and_events(
    credentials: IkigaiCredentials, app: str, control: LocalControl, prefect_server: Any
) -> None:
    control.outcome("Copy", duration=1.5, engine=True)

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

    # What changes is logged, and no more.
    logged = prefect_server.logs(flow_run_id, until="Flow 'Copy' ended: SUCCESS").splitlines()
    told = [line for line in logged if line.startswith("Flow 'Copy'")]
    assert any("RUNNING" in line for line in told)
    assert len(told) == len(set(told)) <= 12

    started, ended = prefect_server.events(["ikigai.run.started", "ikigai.run.succeeded"], f"ikigai.flow.{flow_id}")
    assert ended["follows"] == started["id"]
    assert ended["payload"]["log_id"] == log.log_id and ended["payload"]["app"] == app
    related = {resource["prefect.resource.role"]: resource["prefect.resource.id"] for resource in ended["related"]}
    assert related["run"] == f"ikigai.run.{log.log_id}"
    assert related["flow-run"] == f"prefect.flow-run.{flow_run_id}"
    assert {"app", "task-run", "flow"} <= set(related)
