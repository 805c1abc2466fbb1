"""AI Cast: the best of several models forecasts each time series."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.forecasting import FORECASTERS, evaluate, interval, mean_figures
from ikigai_core.local.engine.model_settings import check_known, choose, read_settings
from ikigai_core.local.engine.model_versions import is_trained, keep_version, load_version, model_of
from ikigai_core.local.engine.series import Series, SeriesColumns, forecasts_table, read_series
from ikigai_core.local.engine.step import Model, Step
from ikigai_core.local.engine.tables import Table

_KNOWN = {
    "models_to_include",
    "eval_method",
    "interval_to_predict",
    "metric",
    "fill_missing_values",
    "drop_threshold",
    "nonnegative",
    "holdout_period",
}
_MODELS = {name.replace(" ", "_"): name for name in FORECASTERS}
_ORIGINS = {"cv": 3, "holdout": 1}


def run(step: Step) -> Table:
    """Return the next `interval_to_predict` values of each series, by the model that did best on its last values."""
    if len(step.inputs) > 1:
        raise FlowError("the local platform knows no auxiliary input of it; remove the arrow")
    model = model_of(step, "Ai Cast")
    parameters, hyperparameters = read_settings(model, step.arguments)
    check_known(model, hyperparameters, _KNOWN)
    if parameters["mode"] == "fine_tune":
        raise FlowError("the local platform does not know the mode 'fine_tune'; use 'retrain_inference'")
    uses_version = is_trained(step, model, parameters["mode"])
    columns = SeriesColumns.of(step, step.table, parameters)
    found = read_series(
        step, step.table, columns, hyperparameters["fill_missing_values"], hyperparameters["drop_threshold"]
    )
    chosen = load_version(step, model) if uses_version else _choose(step, model, found, hyperparameters)
    count = interval(hyperparameters)
    forecasts = []
    for series in found:
        name = chosen["by_series"].get(series.identifiers, chosen["else"])
        times = series.later(count)
        values = FORECASTERS[name](series.values, series.times, times, {})
        forecasts.append((series, times, values.clip(min=0) if hyperparameters["nonnegative"] else values))
    return forecasts_table(step, step.table, columns, forecasts)


def _choose(step: Step, model: Model, found: Sequence[Series], hyperparameters: Mapping[str, Any]) -> dict[str, Any]:
    """Choose a model for each series, and make a version of what was chosen."""
    names = [
        _MODELS[name]
        for name in choose(model, "models_to_include", hyperparameters["models_to_include"], list(_MODELS))
    ]
    figures = {series.identifiers: _figures(series, names, hyperparameters) for series in found}
    best = {identifiers: _best(of, hyperparameters["metric"]) for identifiers, of in figures.items()}
    # A series that was not there is told by the model that is best for most of them.
    most = max(names, key=list(best.values()).count)
    chosen = {"by_series": best, "else": most}
    performance = mean_figures([figures[identifiers][name] for identifiers, name in best.items()])
    settings = {name: hyperparameters[name] for name in sorted(_KNOWN)}
    keep_version(step, model, chosen, settings, {"feature_importance": {}, "performance": performance})
    return chosen


def _figures(series: Series, names: Sequence[str], hyperparameters: Mapping[str, Any]) -> dict[str, dict[str, float]]:
    horizon = int(hyperparameters["holdout_period"] or interval(hyperparameters))
    origins = _ORIGINS[hyperparameters["eval_method"]]
    return {name: evaluate(name, series.values, series.times, horizon, origins, {}) for name in names}


def _best(figures: Mapping[str, Mapping[str, float]], metric: str) -> str:
    """Return the model with the least error; the first one where too few values are known to tell."""

    def error(name: str) -> float:
        value = figures[name][metric]
        return value if np.isfinite(value) else float("inf")

    return min(figures, key=error)
