"""What loading a DAG file costs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

EXAMPLES = Path(__file__).parents[2] / "examples"

SCRIPT = """
import json, runpy, sys
import airflow.sdk, airflow.sdk.bases.operator, airflow.triggers.base
from airflow.sdk import DAG, BaseHook, BaseOperator, Param, conf, dag, task
with DAG("what_airflow_needs_for_any", schedule=None):
    task(task_id="first")(lambda: None)()
before = set(sys.modules)
{what}
print(json.dumps(sorted(set(sys.modules) - before)))
"""
HEAVY = {"pandas", "numpy", "pyarrow", "requests", "httpx", "pydantic", "duckdb"}


def loaded_by(what: str) -> set[str]:
    """Names of the modules that a piece of Python loads beyond those that Airflow has loaded already."""
    command = [sys.executable, "-c", SCRIPT.format(what=what)]
    output = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return set(json.loads(output.splitlines()[-1]))


def test_importing_the_operators_loads_nothing_heavy() -> None:
    loaded = loaded_by("import airflow_provider_ikigai.operators.flow, airflow_provider_ikigai.operators.dataset")
    assert "airflow_provider_ikigai.operators.flow" in loaded
    assert not HEAVY & {module.partition(".")[0] for module in loaded}
    assert {module for module in loaded if module.startswith("ikigai_core")} <= {
        "ikigai_core",
        "ikigai_core._version",
        "ikigai_core.errors",
    }


def test_loading_the_example_builds_no_client_and_loads_nothing_heavy() -> None:
    loaded = loaded_by(f"runpy.run_path({str(EXAMPLES / 'airflow_late_flights.py')!r})")
    assert "airflow_provider_ikigai.operators.flow" in loaded
    assert not HEAVY & {module.partition(".")[0] for module in loaded}
    assert "ikigai_core.client" not in loaded
