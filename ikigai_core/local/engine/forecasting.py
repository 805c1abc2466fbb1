"""Forecasts of a time series, by named methods, and how far off they would have been.

- `last_interval`: the last value; the naive method of Hyndman and Athanasopoulos, "Forecasting: Principles and
  Practice" (3rd edition, 2021), 5.2.
- `sma`: the mean of the last `window_size` values.
- `croston`: J. D. Croston, "Forecasting and Stock Control for Intermittent Demands" (1972): size of demands over the
  distance between them, both smoothed exponentially by `alpha`.
- `additive`: a line, or with the growth `flat` a level, and seasons of a week and of a year as Fourier series of the
  orders 3 and 10, fitted by least squares: the model of Taylor and Letham, "Forecasting at Scale" (2018), without its
  changepoints, holidays and priors. A season is in it if the series spans two of them, and is denser than they are.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import pandas as pd

from ikigai_core.local.engine.errors import FlowError

Numbers = np.ndarray[Any, np.dtype[np.float64]]
Forecaster = Callable[[Numbers, pd.DatetimeIndex, pd.DatetimeIndex, Mapping[str, Any]], Numbers]
"""Takes known values, their times, the times to come, and hyperparameters; gives the values to come."""

_DAY = 86_400.0
_SEASONS = ((7 * _DAY, 3), (365.25 * _DAY, 10))


def _last_interval(values: Numbers, times: Any, later: Any, settings: Mapping[str, Any]) -> Numbers:
    return np.full(len(later), values[-1])


def _sma(values: Numbers, times: Any, later: Any, settings: Mapping[str, Any]) -> Numbers:
    size = settings.get("window_size", 3)
    if size != int(size) or size < 1:
        raise FlowError(f"its hyperparameter 'window_size' is {size}; it is a number of values, 1 or more")
    return np.full(len(later), values[-int(size) :].mean())


def _croston(values: Numbers, times: Any, later: Any, settings: Mapping[str, Any]) -> Numbers:
    alpha = settings.get("alpha", 0.1)
    if not 0 < alpha <= 1:
        raise FlowError(f"its hyperparameter 'alpha' is {alpha}; it is above 0 and at most 1")
    demands = np.flatnonzero(values)
    if not len(demands):
        return np.zeros(len(later))
    size, distance = values[demands[0]], float(demands[0] + 1)
    for value, between in zip(values[demands[1:]], np.diff(demands), strict=True):
        size += alpha * (value - size)
        distance += alpha * (between - distance)
    return np.full(len(later), size / distance)


def _additive(
    values: Numbers, times: pd.DatetimeIndex, later: pd.DatetimeIndex, settings: Mapping[str, Any]
) -> Numbers:
    known, to_come = (_seconds(each, times[0]) for each in (times, later))
    seasons = [(period, order) for period, order in _SEASONS if _has_season(known, period)]
    is_flat = settings.get("growth") == "flat"
    weights, *_ = np.linalg.lstsq(_terms(known, known[-1], seasons, is_flat), values, rcond=None)
    result: Numbers = _terms(to_come, known[-1], seasons, is_flat) @ weights
    return result


def _seconds(times: pd.DatetimeIndex, start: pd.Timestamp) -> Numbers:
    return np.asarray((times - start).total_seconds(), dtype=float)


def _has_season(seconds: Numbers, period: float) -> bool:
    return bool(len(seconds) > 2 and seconds[-1] >= 2 * period and np.median(np.diff(seconds)) <= period / 2)


def _terms(seconds: Numbers, span: float, seasons: list[tuple[float, int]], is_flat: bool) -> Numbers:
    terms = [np.ones(len(seconds))] if is_flat else [np.ones(len(seconds)), seconds / (span or 1.0)]
    for period, order in seasons:
        for nth in range(1, order + 1):
            angle = 2 * np.pi * nth * seconds / period
            terms += [np.sin(angle), np.cos(angle)]
    return np.column_stack(terms)


FORECASTERS: Mapping[str, Forecaster] = {
    "Additive": _additive,
    "Sma": _sma,
    "Croston": _croston,
    "Last Interval": _last_interval,
}
"""By the names of the Time Series models."""


def _relative(errors: Numbers, truth: Numbers) -> float:
    known = truth != 0
    return float(np.abs(errors[known] / truth[known]).mean()) if known.any() else float("nan")


METRICS: Mapping[str, Callable[[Numbers, Numbers], float]] = {
    "mean_absolute_percentage_error": _relative,
    "weighted_mean_absolute_percentage_error": lambda errors, truth: float(
        np.abs(errors).sum() / np.abs(truth).sum() if truth.any() else np.nan
    ),
    "mean_absolute_error": lambda errors, truth: float(np.abs(errors).mean()),
    "mean_squared_error": lambda errors, truth: float((errors**2).mean()),
}
"""Of the errors and the true values, as shares; percentage errors leave out true values of 0."""


def evaluate(
    name: str,
    values: Numbers,
    times: pd.DatetimeIndex,
    horizon: int,
    origins: int,
    settings: Mapping[str, Any],
) -> dict[str, float]:
    """Return the metrics of forecasts of the last known values, each from those before it.

    Parameters
    ----------
    horizon
        Number of values to forecast from each origin: at most a quarter of those that are known.
    origins
        Number of origins, one after another, the last one `horizon` before the end: 1 is a holdout, more a
        cross-validation with rolling origins (Hyndman and Athanasopoulos, 5.10).

    Returns
    -------
    dict
        The means over the origins; NaN where too few values are known.
    """
    horizon = min(horizon, len(values) // 4)
    starts = [len(values) - horizon * nth for nth in range(origins, 0, -1)]
    found: dict[str, list[float]] = {metric: [] for metric in METRICS}
    for start in starts if horizon else []:
        if start < 2:
            continue
        later = slice(start, start + horizon)
        told = FORECASTERS[name](values[:start], times[:start], times[later], settings)
        for metric, of in METRICS.items():
            found[metric].append(of(told - values[later], values[later]))
    return {metric: float(np.mean(figures)) if figures else float("nan") for metric, figures in found.items()}


def interval(hyperparameters: Mapping[str, Any]) -> int:
    """Return the number of values to tell.

    Raises
    ------
    FlowError
        It is no whole number of at least 1.
    """
    count = hyperparameters["interval_to_predict"]
    if count != int(count) or count < 1:
        raise FlowError(f"its hyperparameter 'interval_to_predict' is {count}; it is a number of times, 1 or more")
    return int(count)


def mean_figures(figures: Sequence[Mapping[str, float]]) -> dict[str, Any]:
    """Return the mean of each metric over the series that have it, as a model's performance; None if none has."""
    means = {}
    for metric in METRICS:
        known = [each[metric] for each in figures if np.isfinite(each[metric])]
        means[metric] = {"average_test": float(np.mean(known)) if known else None}
    return means
