"""Ops, in a job without assets."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest
import yaml

from dagster_ikigai import (
    IkigaiFlow,
    IkigaiWorkspace,
    build_apply_ikigai_app_op,
    build_run_ikigai_flow_op,
    build_upload_dataset_op,
    run_ikigai_flow_op,
)
from ikigai_core import Ikigai, RunLog
from ikigai_core.local.account import LocalAccount


def test_a_job_uploads_and_runs_each_step_its_own_run(
    app: str,
    scripted: Callable[..., IkigaiFlow],
    ikigai_client: Ikigai,
    instance: dg.DagsterInstance,
    platform_runs: Callable[[], list[RunLog]],
    tmp_path: Path,
) -> None:
    pd.DataFrame({"name": ["four"], "value": [4]}).to_parquet(tmp_path / "numbers.parquet")
    (tmp_path / "flow.yaml").write_text(yaml.safe_dump(scripted().definition.to_dict()))

    upload_dataset_op = build_upload_dataset_op(workspace="another_account")
    first_op = build_run_ikigai_flow_op(workspace="another_account", name="first")

    @dg.job(resource_defs={"ikigai": IkigaiWorkspace(), "another_account": IkigaiWorkspace()})
    def job() -> None:
        upload_dataset_op()
        first_op()
        run_ikigai_flow_op.alias("second")()

    flow = {"app": app, "flow": "Scripted", "definition": str(tmp_path / "flow.yaml")}
    upload = {"app": app, "dataset": "numbers", "path": str(tmp_path / "numbers.parquet")}
    config: dict[str, Any] = {
        "upload_dataset_op": {"config": upload},
        "first": {"config": flow},
        "second": {"config": {**flow, "definition": None, "variables": {"output": "again"}}},
    }
    result = job.execute_in_process(run_config={"ops": config}, instance=instance)
    assert result.success
    assert result.output_for_node("second")["datasets"] == ["again"]
    logs = platform_runs()
    assert {result.output_for_node(name)["log_id"] for name in ("first", "second")} == {log.log_id for log in logs}
    assert result.output_for_node("first")["datasets"] == ["worked on"]
    assert list(ikigai_client.apps[app].datasets["numbers"].df()["value"]) == [4]
    assert "again" in ikigai_client.apps[app].datasets()

    mistyped = {"config": {**flow, "flow": "Scriptde", "definition": None}}
    with pytest.raises(dg.Failure, match="Did you mean 'Scripted'"):
        job.execute_in_process(run_config={"ops": {**config, "first": mistyped}}, instance=instance)


def test_a_flow_is_named_by_its_id_too(
    scripted: Callable[..., IkigaiFlow],
    ikigai_client: Ikigai,
    instance: dg.DagsterInstance,
    ikigai_local: LocalAccount,
) -> None:
    flow = scripted()
    app = ikigai_client.apps[flow.app]
    remote = app.flow.new(flow.name).definition(flow.definition).ensure()

    @dg.job(resource_defs={"ikigai": IkigaiWorkspace(webserver_base_url="https://dagster.example.com/prod/")})
    def job() -> None:
        run_ikigai_flow_op()

    config = {"ops": {"run_ikigai_flow_op": {"config": {"app": app.app_id, "flow": remote.flow_id}}}}
    result = job.execute_in_process(run_config=config, instance=instance)
    assert result.output_for_node("run_ikigai_flow_op")["log_id"] == remote.run_logs(1)[0].log_id
    # The platform is told which step started it, and where Dagster shows it.
    [start] = ikigai_local.control.journal("run-pipeline")
    step = {"job": "job", "task": "run_ikigai_flow_op", "run": result.run_id}
    url = f"https://dagster.example.com/prod/runs/{result.run_id}"
    assert start.origin == {"orchestrator": "dagster", **step, "url": url}


def test_an_app_is_applied_once(
    app: str, scripted: Callable[..., IkigaiFlow], ikigai_client: Ikigai, instance: dg.DagsterInstance, tmp_path: Path
) -> None:
    document = ikigai_client.app_document(app)
    document.save(tmp_path)

    apply_ikigai_app_op = build_apply_ikigai_app_op(workspace=IkigaiWorkspace())

    @dg.job
    def promote() -> None:
        apply_ikigai_app_op()

    config = {"document": str(tmp_path), "app": f"{app} copy"}
    steps = []
    for _ in range(2):
        result = promote.execute_in_process(
            run_config={"ops": {"apply_ikigai_app_op": {"config": config}}}, instance=instance
        )
        steps.append([step["kind"] for step in result.output_for_node("apply_ikigai_app_op")["steps"]])
    assert "app" in steps[0]
    assert steps[1] == []
    ikigai_client.apps[f"{app} copy"].delete()
