"""AI Predict: the best of several models learns one column from the others and predicts it for every row."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ikigai_core.local.engine.auto_predict import IMPORTANCES, MODELS, Examples, train_best
from ikigai_core.local.engine.columns import Column
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.features import feature_kinds, features, target_values, with_predictions
from ikigai_core.local.engine.model_settings import check_known, choose, read_settings
from ikigai_core.local.engine.model_versions import is_trained, keep_version, load_version, model_of
from ikigai_core.local.engine.statistics import rows_table
from ikigai_core.local.engine.step import Model, Step
from ikigai_core.local.engine.supervised import CannotTrainError, Kind
from ikigai_core.local.engine.tables import Table
from ikigai_core.local.engine.typed import literal

_KNOWN = {
    "optimization_metric",
    "models_to_include",
    "n_splits",
    "random_seed",
    "drop_threshold",
    "feature_importance_metrics",
}
_NUMBER = Column("", "", "NUMERIC")


def run(step: Step) -> Mapping[str, Table]:
    """Train models, or use a version, as the parameter `mode` says.

    `predictions` is the primary table with `predicted_<target column>`; `performance_metrics` has a row for each metric
    of each model, `feature_importance_metrics` one for each column and way to weigh it.
    """
    model = model_of(step, "Ai Predict")
    parameters, hyperparameters = read_settings(model, step.arguments)
    check_known(model, hyperparameters, _KNOWN)
    primary, holdout = _inputs(step)
    if is_trained(step, model, parameters["mode"]):
        learned = load_version(step, model)
    else:
        learned = _learn(step, model, primary, holdout, {**parameters, **hyperparameters})
    frame = features(step, primary, learned["kinds"])
    predictions = learned["pipeline"].predict(frame) if len(frame) else []
    return {
        "predictions": with_predictions(step, primary, learned["target"], learned["target_type"], predictions),
        "feature_importance_metrics": _importance_table(step, learned["importance"]),
        "performance_metrics": _performance_table(step, learned["performance"]),
    }


def _inputs(step: Step) -> tuple[Table, Table | None]:
    if len(step.inputs) == 1:
        return step.table, None
    return step.sided("input_type", ("primary", "holdout"))


def _learn(
    step: Step, model: Model, primary: Table, holdout: Table | None, settings: Mapping[str, Any]
) -> dict[str, Any]:
    if not settings["target_column"]:
        raise FlowError("it needs the parameter 'target_column'; set it to the column to predict")
    target = primary.column(settings["target_column"])
    kinds = feature_kinds(primary, target)
    examples = _examples(step, primary, target, kinds)
    missing = examples.frame.isna().mean()
    kinds = {name: kind for name, kind in kinds.items() if missing[name] <= settings["drop_threshold"]}
    if not kinds:
        raise FlowError("each column lacks more values than drop_threshold allows; raise it")
    try:
        best = train_best(
            choose(model, "models_to_include", settings["models_to_include"], MODELS),
            Examples(examples.frame[list(kinds)], examples.target),
            kinds,
            None if holdout is None else _examples(step, holdout, holdout.column(target.name), kinds),
            metric=settings["optimization_metric"],
            folds=int(settings["n_splits"]),
            seed=int(settings["random_seed"]),
            importances=choose(
                model, "feature_importance_metrics", settings["feature_importance_metrics"], IMPORTANCES
            ),
        )
    except (CannotTrainError, MemoryError) as error:
        raise FlowError(f"the model cannot be trained: {str(error) or type(error).__name__}") from error
    learned = {
        "pipeline": best.pipeline,
        "kinds": kinds,
        "target": target.name,
        "target_type": target.data_type,
        "importance": best.importance,
        "performance": best.performance,
    }
    metrics = {"feature_importance": best.importance, "performance": best.performance[best.name]}
    keep_version(step, model, learned, {name: settings[name] for name in _KNOWN} | {"best_model": best.name}, metrics)
    return learned


def _examples(step: Step, table: Table, target: Column, kinds: Mapping[str, Kind]) -> Examples:
    values = target_values(step, table, target)
    known = values.notna()
    return Examples(features(step, table, kinds)[known], values[known])


def _importance_table(step: Step, importance: Mapping[str, Mapping[str, float]]) -> Table:
    rows = [
        f"SELECT {literal(column)}, {literal(kind)}, {literal(value)}"
        for kind, weights in importance.items()
        for column, value in weights.items()
    ]
    names = [Column("column", ""), Column("metric", "", "CATEGORICAL"), _NUMBER.called("importance")]
    return rows_table(step.tables, rows, names)


def _performance_table(step: Step, performance: Mapping[str, Mapping[str, Mapping[str, Any]]]) -> Table:
    rows = [
        f"SELECT {literal(model)}, {literal(metric)}, {literal(value['average_test'])}, "
        f"{literal(value['average_train'])}"
        for model, figures in performance.items()
        for metric, value in figures.items()
    ]
    names = [
        Column("model", "", "CATEGORICAL"),
        Column("metric", "", "CATEGORICAL"),
        _NUMBER.called("average_test"),
        _NUMBER.called("average_train"),
    ]
    return rows_table(step.tables, rows, names)
