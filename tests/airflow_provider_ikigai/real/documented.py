"""The DAG that docs/airflow.md begins with, as a schedule, an asset or the REST API starts it on a whole Airflow."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

from tests.docs.documents import ROOT, program

NAME = "daily_late_flights"
ASSET = "something happened"
STARTS = {"scheduled": '"@once"', "asset_triggered": f"[Asset({ASSET!r})]", "manual": "None"}
"""The ``schedule=`` of the DAG, by the type of the runs that it then has in a test."""


def put(dags: Path) -> None:
    """Write the DAG into a folder of DAGs, once for each way to start it."""
    before, call, _ = program(ROOT / "docs" / "airflow.md", "airflow").partition(f"\n{NAME}()\n")
    shutil.copyfile(ROOT / "examples" / "data" / "flights.csv", dags / "flights.csv")
    for run_type, schedule in STARTS.items():
        text = (before + call).replace('"@daily"', schedule).replace(f"{NAME}(", f"{NAME}_{run_type}(")
        (dags / f"documented_{run_type}.py").write_text(f"from airflow.sdk import Asset\n{text}")


def happen(api: Any) -> None:
    """Tell Airflow that the asset changed."""
    (asset,) = api.get("/assets", name_pattern=ASSET)["assets"]
    api.post("/assets/events", {"asset_id": asset["id"], "extra": {}})


def run_of(api: Any, dag_id: str) -> dict[str, Any] | None:
    """The newest run of a DAG; None if there is none."""
    runs: list[dict[str, Any]] = api.get(f"/dags/{dag_id}/dagRuns", order_by="-run_after")["dag_runs"]
    return runs[0] if runs else None
