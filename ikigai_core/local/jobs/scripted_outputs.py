"""Outputs of ordered runs, written without the engine."""

from __future__ import annotations

import csv
from pathlib import Path
from typing import Any

from ikigai_core.local.jobs.outputs import import_outputs
from ikigai_core.local.store import Store
from ikigai_core.local.store.files import Files
from ikigai_core.local.store.runs import Run

_EXPORTED = "O_005"
_TEXT = {"data_type": "TEXT", "data_formats": {}}


def write_outputs(run: Run, store: Store, files: Files) -> None:
    """End a run with success: write one row with the run's id and variables to every dataset that it exports.

    Raises
    ------
    OutputRefusedError
        As in `import_outputs`.
    """
    row = {"run_id": run.run_id, **{name: str(value) for name, value in run.variables.items()}}
    folder = files.job(run.run_id)
    folder.mkdir(parents=True, exist_ok=True)
    try:
        outputs = [_written(facet, row, folder / f"{n}.csv") for n, facet in enumerate(_exported(run))]
        import_outputs(run, outputs, [], store, files)
    finally:
        files.drop_job(run.run_id)


def _written(facet: dict[str, Any], row: dict[str, str], path: Path) -> dict[str, Any]:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([row.keys(), row.values()])
    arguments = facet["arguments"]
    return {
        "facet_id": facet["facet_id"],
        "dataset_name": str(arguments.get("dataset_name") or "output"),
        "directory": arguments.get("directory") or "",
        "path": str(path),
        "columns": dict.fromkeys(row, _TEXT),
    }


def _exported(run: Run) -> list[dict[str, Any]]:
    """The Exported facets, with their arguments after the run's variables were applied."""
    given: dict[str, dict[str, Any]] = {}
    for variable, target in (run.definition.get("variables") or {}).items():
        if variable in run.variables:
            given.setdefault(target["facet_name"], {})[target["name"]] = run.variables[variable]
    return [
        {**facet, "arguments": {**(facet.get("arguments") or {}), **given.get(facet.get("name") or "", {})}}
        for facet in run.definition.get("facets", [])
        if facet.get("facet_uid") == _EXPORTED
    ]
