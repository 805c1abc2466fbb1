"""Turns the outputs of a run into datasets of its app."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

from ikigai_core.local.store import Store, timestamps
from ikigai_core.local.store.datasets import Dataset
from ikigai_core.local.store.files import Files
from ikigai_core.local.store.ids import new_id
from ikigai_core.local.store.models import ModelVersion
from ikigai_core.local.store.names import name_problem
from ikigai_core.local.store.runs import Run

_SHOWN = 40


class OutputRefusedError(Exception):
    """An output that cannot become a dataset, and the facet that wrote it."""

    def __init__(self, facet_id: str, message: str) -> None:
        super().__init__(message)
        self.facet_id = facet_id


def import_outputs(
    run: Run,
    outputs: list[dict[str, Any]],
    model_versions: list[dict[str, Any]],
    store: Store,
    files: Files,
    *,
    message: str = "",
) -> None:
    """Save a run's outputs as datasets, save its trained models and write its log, in one transaction.

    An output replaces the data of the dataset with its name, or becomes a new dataset if there is none. `message` is
    for the log.

    Raises
    ------
    OutputRefusedError
        If an output has a name that no dataset can have, or names a directory that does not exist, or a model was
        trained or deleted during the run. Nothing is changed then.
    """
    for output in outputs:
        _check_name(output)
        _check_directory(run, output, store)
    adopted = [files.adopt(Path(output["path"]), packed=run.high_volume) for output in outputs]
    learned = [files.adopt(Path(version["path"]), packed=False) for version in model_versions]
    replaced: list[str] = []
    with store.transaction():
        if store.runs.get(run.run_id) is None:
            replaced = [path.name for path in (*adopted, *learned)]
        else:
            for output, path in zip(outputs, adopted, strict=True):
                replaced.append(_write_dataset(run, output, path.name, store))
            for version, path in zip(model_versions, learned, strict=True):
                _write_model_version(run, version, path.name, store)
            store.runs.finish(run.run_id, "SUCCESS", message=message)
    files.retire(*replaced)


def _write_model_version(run: Run, version: dict[str, Any], data_file: str, store: Store) -> None:
    if store.models.find(version["model_id"], app_id=run.app_id) is None:
        raise OutputRefusedError(version["facet_id"], "The model was deleted while it was trained")
    others = store.model_versions.all(model_id=version["model_id"])
    if version["is_first"] and any(other.data_file for other in others):
        raise OutputRefusedError(version["facet_id"], "Another run trained the model at the same time")
    now = timestamps.now()
    store.model_versions.add(
        ModelVersion(
            version_id=new_id(),
            app_id=run.app_id,
            model_id=version["model_id"],
            name=version["name"],
            hyperparameters=version["hyperparameters"],
            metrics=version["metrics"],
            created_at=now,
            modified_at=now,
            data_file=data_file,
        )
    )


def _check_name(output: dict[str, Any]) -> None:
    problem = name_problem(output["dataset_name"])
    if problem:
        shown = output["dataset_name"][:_SHOWN]
        raise OutputRefusedError(output["facet_id"], f"The name of the dataset {shown!r} {problem}")


def _check_directory(run: Run, output: dict[str, Any], store: Store) -> None:
    directory_id = output.get("directory") or ""
    if directory_id and store.directories.find(directory_id, kind="DATASET", app_id=run.app_id) is None:
        name = output["dataset_name"]
        message = f"The dataset {name!r} cannot be put into directory {directory_id!r}: there is no such directory"
        raise OutputRefusedError(output["facet_id"], message)


def _write_dataset(run: Run, output: dict[str, Any], data_file: str, store: Store) -> str:
    """Write one output; return the name of the data file that it replaced; empty if none."""
    name = output["dataset_name"]
    data = {
        "data_file": data_file,
        "data_types": output["columns"],
        "filename": f"{name}.csv",
        "size": Path(output["path"]).stat().st_size,
        "is_optimized": run.high_volume,
    }
    namesakes = store.datasets.all(app_id=run.app_id, name=name)
    if namesakes:
        dataset = namesakes[0]
        if output.get("directory"):
            data["directory_id"] = output["directory"]
        store.datasets.edit(dataset.dataset_id, **data)
        store.dataset_sizes.note(dataset.dataset_id, data["size"], run.run_id)
        return dataset.data_file
    now = timestamps.now()
    dataset = Dataset(new_id(), run.app_id, name, output.get("directory") or "", f"{name}.csv", now, now)
    store.datasets.add(dataclasses.replace(dataset, **data))
    store.dataset_sizes.note(dataset.dataset_id, data["size"], run.run_id)
    return ""
