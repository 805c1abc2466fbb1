"""AI Predict's models: several are trained, and the best one is kept. Imported only if a flow has one."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import get_scorer
from sklearn.pipeline import Pipeline, make_pipeline

from ikigai_core.local.engine.supervised import (
    CLASSIFICATION_METRICS,
    MOST_PERMUTED,
    REGRESSION_METRICS,
    CannotTrainError,
    Kind,
    parts,
    performance,
    permutation,
    plain,
    preparation,
    sample,
)

_ESTIMATORS: dict[str, tuple[Callable[[int], Any], Callable[[int], Any]]] = {
    "random_forest": (
        lambda seed: RandomForestRegressor(random_state=seed),
        lambda seed: RandomForestClassifier(random_state=seed),
    ),
    "extra_trees": (
        lambda seed: ExtraTreesRegressor(random_state=seed),
        lambda seed: ExtraTreesClassifier(random_state=seed),
    ),
    "linear": (lambda seed: LinearRegression(), lambda seed: LogisticRegression(max_iter=1000, random_state=seed)),
}
"""For numbers and for classes, by the names of the models."""
MODELS = tuple(_ESTIMATORS)
IMPORTANCES = ("estimator_base", "permutation")

Figures = dict[str, dict[str, Any]]


@dataclass(frozen=True)
class Examples:
    """Features with their known targets."""

    frame: pd.DataFrame
    target: pd.Series

    @property
    def is_number(self) -> bool:
        """Whether numbers are to be learned, not classes."""
        return bool(self.target.dtype.kind == "f")


@dataclass(frozen=True)
class Best:
    """The best model: its pipeline, name and importances, and the performance of all that were trained."""

    pipeline: Pipeline
    name: str
    importance: dict[str, dict[str, float]]
    performance: dict[str, Figures]


def train_best(
    names: Sequence[str],
    examples: Examples,
    kinds: Mapping[str, Kind],
    holdout: Examples | None,
    *,
    metric: str,
    folds: int,
    seed: int,
    importances: Sequence[str],
) -> Best:
    """Train models and keep the one with the best metric: in a cross-validation, or on the rows of a holdout.

    Raises
    ------
    CannotTrainError
        The data do not allow training, or there is no such metric.
    """
    metric = _metric(metric, examples)
    pipelines = {name: _pipeline(name, examples, kinds, seed) for name in names}
    with warnings.catch_warnings():
        # The figures show if a solver has not converged.
        warnings.simplefilter("ignore")
        try:
            figures = {name: _figures(each, examples, holdout, folds, seed) for name, each in pipelines.items()}
            # Without figures, as with very few rows, it is the first one.
            best = max(names, key=lambda name: _or_least(figures[name][metric]["average_test"]))
            pipeline = pipelines[best].fit(examples.frame, examples.target)
        except ValueError as error:
            raise CannotTrainError(str(error)) from error
        found = {kind: _IMPORTANCES[kind](pipeline, examples, metric, seed) for kind in importances}
    return Best(pipeline, best, found, figures)


def _metric(name: str, examples: Examples) -> str:
    known = REGRESSION_METRICS if examples.is_number else CLASSIFICATION_METRICS
    if name == "auto":
        return known[0]
    if name not in known:
        raise CannotTrainError(f"the optimization_metric is '{name}'; for this target it can be {', '.join(known)}")
    return name


def _or_least(value: float | None) -> float:
    return float("-inf") if value is None else value


def _pipeline(name: str, examples: Examples, kinds: Mapping[str, Kind], seed: int) -> Pipeline:
    of_numbers, of_classes = _ESTIMATORS[name]
    return make_pipeline(preparation(kinds), (of_numbers if examples.is_number else of_classes)(seed))


def _figures(pipeline: Pipeline, examples: Examples, holdout: Examples | None, folds: int, seed: int) -> Figures:
    if holdout is None:
        return performance(pipeline, examples.frame, examples.target, examples.is_number, most_folds=folds, seed=seed)
    pipeline.fit(examples.frame, examples.target)

    def score(metric: str, of: Examples) -> Any:
        return plain(get_scorer(metric)(pipeline, of.frame, of.target))

    names = REGRESSION_METRICS if examples.is_number else CLASSIFICATION_METRICS
    return {name: {"average_test": score(name, holdout), "average_train": score(name, examples)} for name in names}


def _estimator_base(pipeline: Pipeline, examples: Examples, metric: str, seed: int) -> dict[str, float]:
    """Return what the estimator says: the mean decrease of impurity of trees, or the size of coefficients."""
    estimator = pipeline[-1]
    weights = getattr(estimator, "feature_importances_", None)
    if weights is None:
        weights = np.abs(np.atleast_2d(estimator.coef_)).sum(axis=0)
    places = parts(pipeline[0])
    return {name: float(weights[places[name]].sum()) for name in examples.frame.columns}


def _permutation(pipeline: Pipeline, examples: Examples, metric: str, seed: int) -> dict[str, float]:
    return permutation(pipeline, *sample(examples.frame, examples.target, MOST_PERMUTED), metric, seed)


_IMPORTANCES = {"estimator_base": _estimator_base, "permutation": _permutation}
