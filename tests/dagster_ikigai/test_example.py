"""The example as the demo runs it: real processes, a persistent instance, and no key anywhere in it."""

from __future__ import annotations

import json
import os
import runpy
import subprocess
import sys
from pathlib import Path

import dagster as dg
import pandas as pd
import pytest

from dagster_ikigai import IkigaiWorkspace
from ikigai_core import Ikigai

APP_EXAMPLE = Path(__file__).parents[2] / "examples" / "dagster_app.py"
RUNNER = Path(__file__).parents[2] / "examples" / "demo" / "run_dagster.py"


def test_the_example_is_materialized_on_an_instance_that_never_sees_the_key(tmp_path: Path) -> None:
    command = [sys.executable, str(RUNNER), "--result", str(tmp_path / "result.json")]
    command += ["--work-dir", str(tmp_path / "work")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=100)
    assert done.returncode == 0, done.stderr
    result = json.loads((tmp_path / "result.json").read_text())
    assert (result["who"], result["status"]) == ("Dagster", "SUCCESS")
    assert result["rows"] == len(pd.read_csv(result["output"])) > 0
    assert "Flow 'Late flights': SUCCESS" in done.stdout
    assert "minutes_late" in done.stdout

    key = os.environ["IKIGAI_API_KEY"].encode()
    kept = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert any(b"late_flights" in path.read_bytes() for path in kept)
    assert not [path for path in kept if key in path.read_bytes()]
    assert key.decode() not in done.stdout + done.stderr


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
    command = [sys.executable, str(APP_EXAMPLE), app]
    printed = subprocess.run(command, capture_output=True, text=True, check=True, timeout=100).stdout
    assert "/copied <- " in printed
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
