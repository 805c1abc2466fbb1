"""Importing the package and loading definitions is cheap, because every ``dg`` command and every run does it."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.lazy_names import seen_by_type_checkers

EXAMPLE = Path(__file__).parents[2] / "examples" / "dagster_late_flights.py"
LOADING = f"""
import dagster, json, runpy, sys, time
began = time.process_time()
import dagster_ikigai
package = time.process_time() - began
dagster_ikigai.IkigaiWorkspace, dagster_ikigai.build_ikigai_flow_assets
usual = time.process_time() - began
runpy.run_path({str(EXAMPLE)!r})["defs"].resolve_asset_graph()
print(json.dumps({{"package": package, "with the usual": usual, "modules": list(sys.modules)}}))
"""
HEAVY = ["pandas", "numpy", "pyarrow", "httpx", "fastapi", "duckdb"]


def printed_by(code: str) -> Any:
    """The JSON that a fresh interpreter printed."""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300)
    return json.loads(done.stdout)


def test_importing_the_package_loads_neither_dagster_nor_the_client() -> None:
    loaded = printed_by(
        "import dagster_ikigai, json, sys; assert dagster_ikigai.__version__; print(json.dumps(list(sys.modules)))"
    )
    assert not {"dagster", "ikigai_core", "yaml", *HEAVY} & set(loaded)


def test_importing_and_loading_cost_next_to_nothing_beside_dagster_and_send_nothing(
    requests_sent: Callable[[], int],
) -> None:
    before = requests_sent()
    found = printed_by(LOADING)
    assert requests_sent() == before
    assert "dagster_ikigai.runs.execution" not in found["modules"]
    assert not set(HEAVY) & set(found["modules"])
    assert found["package"] < 0.1
    assert found["with the usual"] < 0.3  # 25 ms on a machine of one's own


def test_every_export_is_there_and_others_are_refused() -> None:
    import dagster_ikigai

    assert all(getattr(dagster_ikigai, name) is not None for name in dagster_ikigai.__all__)
    assert dir(dagster_ikigai) == sorted(dagster_ikigai.__all__)
    with pytest.raises(AttributeError, match="'IkigaiSensor'"):
        dagster_ikigai.IkigaiSensor  # noqa: B018


def test_type_checkers_see_the_names_that_programs_get() -> None:
    import dagster_ikigai

    seen = seen_by_type_checkers(dagster_ikigai)
    assert seen == dagster_ikigai._HOMES
    assert sorted([*seen, "__version__"]) == sorted(dagster_ikigai.__all__)
