"""The example of an app. That of a flow is in `test_assets`; the demo's tests run it on an instance of its own."""

from __future__ import annotations

import os
import runpy
from pathlib import Path

import dagster as dg
import pytest

from dagster_ikigai import IkigaiWorkspace
from ikigai_core import Ikigai
from tests.dagster_ikigai import forks

APP_EXAMPLE = Path(__file__).parents[2] / "examples" / "dagster_app.py"


def test_the_example_of_an_app_stores_it_and_materializes_and_checks_all(
    app: str, ikigai_client: Ikigai, instance: dg.DagsterInstance, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    facets = {
        "in": {"type": "INPUT.Imported", "dataset": "numbers", "arguments": {"file_type": "csv", "header": True}},
        "out": {
            "type": "OUTPUT.Exported",
            "after": "in",
            "arguments": {"dataset_name": "copied", "file_type": "csv", "header": True},
        },
    }
    ikigai_client.apps[app].flow.new("Copy").definition({"facets": facets}).build()
    monkeypatch.setenv("IKIGAI_APP_STATE", str(tmp_path / "state.json"))
    log = tmp_path / "printed"
    process = forks.start(forks.script, str(APP_EXAMPLE), app, environment=dict(os.environ), folder=tmp_path, log=log)
    process.join()
    assert process.exitcode == 0, log.read_text()
    assert "/copied <- " in log.read_text()
    defs: dg.Definitions = runpy.run_path(str(APP_EXAMPLE), run_name="example")["defs"]
    result = defs.resolve_implicit_global_asset_job_def().execute_in_process(instance=instance)
    assert {check.check_name for check in result.get_asset_check_evaluations() if check.passed} == {
        "column_types",
        "nulls",
        "row_count",
        "upload",
    }
    sensor = defs.resolve_sensor_def("ikigai_runs")
    context = dg.build_sensor_context(instance=instance, resources={"ikigai": IkigaiWorkspace()})
    assert sensor.evaluate_tick(context).asset_events == []
