"""Predict: a model learns one column from the others and predicts it for every row."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import joblib
import pandas as pd

from ikigai_core.local.engine.columns import Column
from ikigai_core.local.engine.errors import FlowError, did_you_mean
from ikigai_core.local.engine.linear import CannotTrainError, Kind, train
from ikigai_core.local.engine.model_settings import read_settings
from ikigai_core.local.engine.step import Model, ModelVersion, Step
from ikigai_core.local.engine.tables import Table

_FIRST_VERSION = "initial"
_RUNNABLE = "Linear"


@dataclass(frozen=True)
class _Learned:
    """Content of a version's file: the pipeline, its input columns and its target."""

    pipeline: Any
    kinds: dict[str, Kind]
    target: str
    target_type: str

    def save(self, path: Path) -> None:
        # Only plain values and scikit-learn objects: files must survive renamed classes in this module.
        joblib.dump(vars(self), path)

    @classmethod
    def load(cls, path: Path, name: str) -> _Learned:
        try:
            return cls(**joblib.load(path))
        except Exception as error:
            raise FlowError(
                f"version '{name}' of its model cannot be read by the installed scikit-learn ({error}); "
                "train it again with the mode retrain_inference"
            ) from error


def run(step: Step) -> Table:
    """Train the model or use one of its versions, as the parameter `mode` says; return the table with predictions.

    The predictions are in the column `predicted_<target column>`. Rows without a target value are not used for
    training, but get a prediction like all others.
    """
    name = step.arguments["model_name"]
    model = step.workspace.models.get(name)
    if model is None:
        raise FlowError(f"the app has no model '{name}'; create it, or set model_name to the name of one that it has")
    if model.model_type != _RUNNABLE:
        raise FlowError(
            f"model '{name}' is {model.model_type} {model.sub_model_type}; "
            f"the local platform trains models of the type {_RUNNABLE} so far"
        )
    parameters, hyperparameters = read_settings(model, step.arguments)
    if parameters["mode"] == "inference":
        return _predict(step, _version(step, model))
    if parameters["mode"] == "train" and model.versions:
        newest = list(model.versions)[-1]
        raise FlowError(
            f"model '{name}' is trained already (its newest version is '{newest}'); set the parameter mode to "
            "'inference' to use it, or to 'retrain_inference' to train it again"
        )
    return _predict(step, _learn(step, model, parameters["target_column"], hyperparameters))


def _version(step: Step, model: Model) -> _Learned:
    if not model.versions:
        raise FlowError("its model has not been trained; set the parameter mode to 'train'")
    name = _version_name(step.arguments) or list(model.versions)[-1]
    if name not in model.versions:
        raise FlowError(f"its model has no version '{name}'{did_you_mean(name, model.versions)}")
    return _Learned.load(model.versions[name], name)


def _version_name(arguments: Mapping[str, Any]) -> str:
    return str(arguments["model_version"] or arguments["version"] or "")


def _learn(step: Step, model: Model, target_name: str | None, hyperparameters: Mapping[str, Any]) -> _Learned:
    if not target_name:
        raise FlowError("it needs the parameter 'target_column'; set it to the column to predict")
    target = step.table.column(target_name)
    kinds: dict[str, Kind] = {column.name: _kind(column) for column in step.table.columns if column is not target}
    if not kinds:
        raise FlowError(f"there is no column beside '{target_name}' to learn from")
    frame = _frame(step, kinds)
    values = _frame(step, {target_name: _kind(target)})[target_name]
    known = values.notna()
    if values[known].nunique() < 2:
        raise FlowError(
            f"column '{target_name}' has {values[known].nunique()} different values; two are needed to learn"
        )
    try:
        trained = train(model.sub_model_type, hyperparameters, frame[known], kinds, values[known])
    except (CannotTrainError, MemoryError) as error:
        raise FlowError(f"the model cannot be trained: {str(error) or type(error).__name__}") from error
    learned = _Learned(trained.pipeline, kinds, target_name, target.data_type)
    path = step.workspace.folder / f"model-{len(step.workspace.model_versions)}.joblib"
    learned.save(path)
    version = _free_name(_version_name(step.arguments) or _FIRST_VERSION, model)
    step.workspace.model_versions.append(
        ModelVersion(
            facet_id=step.facet.facet_id,
            model_id=model.model_id,
            name=version,
            path=path,
            hyperparameters=trained.hyperparameters,
            metrics=trained.metrics,
            is_first=not model.versions,
        )
    )
    return learned


def _free_name(name: str, model: Model) -> str:
    """Return the name, followed by a number if the model already has a version with this name."""
    number, free = 1, name
    while free in model.versions:
        number += 1
        free = f"{name} {number}"
    return free


def _predict(step: Step, learned: _Learned) -> Table:
    frame = _frame(step, learned.kinds)
    predictions = learned.pipeline.predict(frame) if len(frame) else []
    numbered = pd.DataFrame({"row": range(len(frame)), "value": predictions})
    name = f"predicted_{learned.target}"
    kept = [column for column in step.table.columns if column.name != name]
    as_text = "CAST(value AS VARCHAR)"
    if learned.target_type == "TIME":
        as_text = "strftime(make_timestamp(CAST(round(value * 1000000) AS BIGINT)), '%Y-%m-%dT%H:%M:%SZ')"
    keys = "".join(f"{column.key}, " for column in kept)
    rows = f"SELECT *, row_number() OVER (ORDER BY rowid) - 1 AS number FROM {step.table.name}"
    step.tables.register("predictions", numbered)
    data_type: Any = learned.target_type
    return step.tables.create(
        f"SELECT {keys}{as_text} FROM ({rows}) JOIN predictions ON row = number ORDER BY row",
        [*kept, Column(name, "", data_type)],
    )


def _kind(column: Column) -> Kind:
    return "number" if column.data_type in ("NUMERIC", "TIME") else "text"


def _frame(step: Step, kinds: Mapping[str, Kind]) -> pd.DataFrame:
    """Return columns as floats or texts, in the kinds of the training; times as seconds since the epoch."""
    columns = [step.table.column(name) for name in kinds]
    values = (_value(column, kind) for column, kind in zip(columns, kinds.values(), strict=True))
    selected = ", ".join(f"{value} AS v{number}" for number, value in enumerate(values))
    frame = step.tables.frame(f"SELECT {selected} FROM {step.table.name} ORDER BY rowid")
    frame.columns = pd.Index(list(kinds))
    types = {name: float if kind == "number" else object for name, kind in kinds.items()}
    frame = frame.astype(types)
    texts = [name for name, kind in kinds.items() if kind == "text"]
    return frame.assign(**{name: frame[name].where(frame[name].notna(), None) for name in texts})


def _value(column: Column, kind: Kind) -> str:
    if kind == "text":
        return column.key
    if column.data_type == "TIME":
        return f"epoch({column.value})"
    return f"TRY_CAST({column.key} AS DOUBLE)"
