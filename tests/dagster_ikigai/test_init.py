"""Importing the package and loading definitions is cheap, because every ``dg`` command and every run does it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "examples" / "dagster_late_flights.py"
HEAVY = ["pandas", "numpy", "pyarrow", "httpx", "fastapi", "duckdb"]


def modules_after(code: str) -> list[str]:
    """Names of the modules that a fresh interpreter has loaded after running some code."""
    command = [sys.executable, "-c", f"{code}\nimport json, sys; print(json.dumps(list(sys.modules)))"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    loaded: list[str] = json.loads(done.stdout)
    return loaded


def test_importing_the_package_loads_neither_dagster_nor_the_client() -> None:
    loaded = modules_after("import dagster_ikigai; assert dagster_ikigai.__version__")
    assert not {"dagster", "ikigai_core", "yaml", *HEAVY} & set(loaded)


def test_loading_definitions_sends_nothing_and_imports_nothing_heavy(requests_sent: Callable[[], int]) -> None:
    before = requests_sent()
    loaded = modules_after(f"import runpy; defs = runpy.run_path({str(EXAMPLE)!r})['defs']; defs.resolve_asset_graph()")
    assert "dagster_ikigai.runs.execution" not in loaded
    assert not set(HEAVY) & set(loaded)
    assert requests_sent() == before


def test_every_export_is_there_and_others_are_refused() -> None:
    import dagster_ikigai

    assert all(getattr(dagster_ikigai, name) is not None for name in dagster_ikigai.__all__)
    assert dir(dagster_ikigai) == sorted(dagster_ikigai.__all__)
    with pytest.raises(AttributeError, match="'IkigaiSensor'"):
        dagster_ikigai.IkigaiSensor  # noqa: B018


def test_importing_the_package_costs_next_to_nothing_beside_dagster() -> None:
    code = (
        "import dagster, time; began = time.process_time(); import dagster_ikigai; "
        "print(time.process_time() - began); dagster_ikigai.IkigaiWorkspace, dagster_ikigai.build_ikigai_flow_assets; "
        "print(time.process_time() - began)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60)
    alone, with_the_usual = map(float, done.stdout.split())
    assert alone < 0.1
    assert with_the_usual < 0.3  # 25 ms on a machine of one's own
