"""Predict: a model learns one column from the others and predicts it for every row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.features import feature_kinds, features, target_values, with_predictions
from ikigai_core.local.engine.linear import train
from ikigai_core.local.engine.model_settings import read_settings
from ikigai_core.local.engine.model_versions import is_trained, keep_version, load_version, model_of
from ikigai_core.local.engine.step import Model, Step
from ikigai_core.local.engine.supervised import CannotTrainError
from ikigai_core.local.engine.tables import Table

_RUNNABLE = "Linear"


def run(step: Step) -> Table:
    """Train the model or use one of its versions, as the parameter `mode` says; return the table with predictions.

    The predictions are in the column `predicted_<target column>`. Rows without a target value are not used for
    training, but get a prediction like all others.
    """
    model = model_of(step, _RUNNABLE, f"the local platform trains models of the type {_RUNNABLE} so far")
    parameters, hyperparameters = read_settings(model, step.arguments)
    if is_trained(step, model, parameters["mode"]):
        learned = load_version(step, model)
    else:
        learned = _learn(step, model, parameters["target_column"], hyperparameters)
    frame = features(step, step.table, learned["kinds"])
    predictions = learned["pipeline"].predict(frame) if len(frame) else []
    return with_predictions(step, step.table, learned["target"], learned["target_type"], predictions)


def _learn(step: Step, model: Model, target_name: str | None, hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    if not target_name:
        raise FlowError("it needs the parameter 'target_column'; set it to the column to predict")
    target = step.table.column(target_name)
    kinds = feature_kinds(step.table, target)
    values = target_values(step, step.table, target)
    known = values.notna()
    frame = features(step, step.table, kinds)
    try:
        trained = train(model.sub_model_type, hyperparameters, frame[known], kinds, values[known])
    except (CannotTrainError, MemoryError) as error:
        raise FlowError(f"the model cannot be trained: {str(error) or type(error).__name__}") from error
    learned = {
        "pipeline": trained.pipeline,
        "kinds": kinds,
        "target": target_name,
        "target_type": target.data_type,
    }
    keep_version(step, model, learned, trained.hyperparameters, trained.metrics)
    return learned
