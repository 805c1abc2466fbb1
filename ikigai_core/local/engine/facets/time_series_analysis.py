"""Time Series Analysis: a model of the type Time Series forecasts time series."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.forecasting import FORECASTERS, evaluate, interval, mean_figures
from ikigai_core.local.engine.model_settings import read_settings
from ikigai_core.local.engine.model_versions import keep_version, model_of
from ikigai_core.local.engine.series import Series, SeriesColumns, forecasts_table, read_series
from ikigai_core.local.engine.step import Model, Step
from ikigai_core.local.engine.tables import Table


def run(step: Step) -> Table:
    """Return the next `interval_to_predict` values of each series; the methods are those of `forecasting`.

    Each run fits the model to the series that it gets, and makes a version with the figures of a holdout.
    """
    model = model_of(step, "Time Series")
    name = model.sub_model_type
    if name not in FORECASTERS:
        raise FlowError(
            f"the local platform does not run the model {name}; it runs {', '.join(FORECASTERS)}. "
            "Use one of these, or set what the facet gives with a stand-in"
        )
    if model.versions and not step.arguments["overwrite"]:
        raise FlowError(
            f"model '{step.arguments['model_name']}' is trained already (its newest version is "
            f"'{list(model.versions)[-1]}'); set overwrite to true to train it again"
        )
    parameters, hyperparameters = read_settings(model, step.arguments)
    count = interval(hyperparameters)
    columns = SeriesColumns.of(step, step.table, parameters)
    found = read_series(step, step.table, columns, "forward_fill", 1.0)
    times = [series.later(count) for series in found]
    values = [
        FORECASTERS[name](series.values, series.times, later, hyperparameters)
        for series, later in zip(found, times, strict=True)
    ]
    _keep(step, model, found, hyperparameters)
    return forecasts_table(step, step.table, columns, zip(found, times, values, strict=True))


def _keep(step: Step, model: Model, found: list[Series], hyperparameters: Mapping[str, Any]) -> None:
    count = interval(hyperparameters)
    figures = [
        evaluate(model.sub_model_type, series.values, series.times, count, 1, hyperparameters) for series in found
    ]
    metrics = {"feature_importance": {}, "performance": mean_figures(list(figures))}
    keep_version(step, model, {"hyperparameters": dict(hyperparameters)}, hyperparameters, metrics)
