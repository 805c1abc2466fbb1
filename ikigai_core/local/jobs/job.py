"""The job of a run: the folder in which the platform and the worker process exchange files."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ikigai_core.local.engine.observation import FILE_NAME
from ikigai_core.local.engine.script import PRINTED_NOW
from ikigai_core.local.engine.script_access import ScriptAccess
from ikigai_core.local.jobs.custom_facets import custom_facets_of
from ikigai_core.local.jobs.worker_modules import ENGINE, LEARNING_ENGINE
from ikigai_core.local.specs import specs_file
from ikigai_core.local.store import Store
from ikigai_core.local.store.files import Files
from ikigai_core.local.store.runs import Run

_MOST_PRINTED_BYTES = 100_000

LendStandIns = Callable[[Run, Path], dict[str, dict[str, Any]]]
"""Writes the data of a run's stand-ins to its job folder, and returns the stand-ins by facet id."""


@dataclass(frozen=True)
class Progress:
    """Progress of a worker: percent, and its current activity."""

    percent: int = 0
    message: str = ""


def write_job(run: Run, store: Store, files: Files, access: ScriptAccess, lend_stand_ins: LendStandIns) -> Path:
    """Create the job folder of a run; return its path.

    The folder gets the current data of the datasets that the run reads, and the stand-ins that `lend_stand_ins` puts
    there. `access` is for the scripts of the run.
    """
    files.drop_job(run.run_id)
    folder = files.job(run.run_id)
    (folder / "inputs").mkdir(parents=True)
    inputs = {}
    for number, dataset_id in enumerate(sorted(_given(run, "dataset_id"))):
        dataset = store.datasets.find(dataset_id, app_id=run.app_id)
        if dataset is not None and dataset.data_file:
            path = folder / "inputs" / f"{number}.csv"
            files.lend(dataset.data_file, path)
            inputs[dataset_id] = {"path": str(path), "name": dataset.name, "data_types": dataset.data_types}
    job = {
        "run_id": run.run_id,
        "definition": run.definition,
        "variables": run.variables,
        "inputs": inputs,
        "custom_facets": custom_facets_of(run, store),
        "models": _lend_models(run, folder, store, files),
        "stand_ins": lend_stand_ins(run, folder),
        "parameters": {"script_access": access, "hidden": str(files.root)},
    }
    specs = specs_file()
    if specs is not None:
        job["specs"] = str(specs)
    (folder / "job.json").write_text(json.dumps(job), encoding="utf-8")
    return folder


def engine_of(run: Run) -> str:
    """Return the module of the worker that runs the definition of a run."""
    return LEARNING_ENGINE if _given(run, "model_name") else ENGINE


def read_progress(folder: Path) -> Progress:
    """Return the progress of a job's worker."""
    content = _read(folder / "progress.json") or {}
    return Progress(int(content.get("progress") or 0), str(content.get("message") or ""))


def read_facets(folder: Path) -> dict[str, dict[str, Any]]:
    """Return what a job's worker has recorded about each facet so far, by facet id."""
    facets: dict[str, dict[str, Any]] = {}
    try:
        text = (folder / FILE_NAME).read_text(encoding="utf-8")
    except FileNotFoundError:
        return facets
    # An incomplete last line is still being written, or the worker was killed while it wrote the line.
    for line in text.split("\n")[:-1]:
        note = json.loads(line)
        facets.setdefault(note["facet_id"], {}).update(note)
    return facets


def read_printed(folder: Path) -> str:
    """Return the last part of the output of the script that is running."""
    for path in folder.glob(PRINTED_NOW):
        try:
            with path.open("rb") as file:
                file.seek(max(path.stat().st_size - _MOST_PRINTED_BYTES, 0))
                return file.read().decode("utf-8", errors="replace")
        except FileNotFoundError:
            continue
    return ""


def told(folder: Path) -> tuple[int, ...]:
    """Return the sizes of the files in which a job's worker and its scripts report their progress."""
    sizes = []
    for path in (folder / FILE_NAME, folder / "progress.json", *folder.glob(PRINTED_NOW)):
        try:
            sizes.append(path.stat().st_size)
        except FileNotFoundError:
            sizes.append(-1)
    return tuple(sizes)


def read_result(folder: Path) -> dict[str, Any] | None:
    """Return the result of the worker of a job; None if it has not finished."""
    return _read(result_path(folder))


def result_path(folder: Path) -> Path:
    """Return the path of the file to which a worker writes its result."""
    return folder / "result.json"


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return None
    return content if isinstance(content, dict) else None


def _lend_models(run: Run, folder: Path, store: Store, files: Files) -> dict[str, Any]:
    """Return the models that the run uses by name, with their current versions, oldest first."""
    names = _given(run, "model_name")
    models = {}
    for model in store.models.all(app_id=run.app_id):
        # If several models share a name, the oldest is used, as in requests by name.
        if model.name in names and model.name not in models:
            versions = store.model_versions.all(model_id=model.model_id)
            trained = [version for version in versions if version.data_file]
            for version in trained:
                files.lend(version.data_file, folder / "inputs" / version.data_file)
            models[model.name] = {
                "model_id": model.model_id,
                "model_type": model.model_type,
                "sub_model_type": model.sub_model_type,
                "versions": [
                    {"name": version.name, "path": str(folder / "inputs" / version.data_file)} for version in trained
                ],
                "recorded": [version.name for version in versions if not version.data_file],
            }
    return models


def _given(run: Run, argument: str) -> set[str]:
    """Return all strings that facets or run variables give for an argument of this name."""
    found = set()
    for facet in run.definition.get("facets", []):
        found.add((facet.get("arguments") or {}).get(argument))
    for name, variable in (run.definition.get("variables") or {}).items():
        if variable.get("name") == argument:
            found.add(run.variables.get(name))
    return {value for value in found if isinstance(value, str)}
