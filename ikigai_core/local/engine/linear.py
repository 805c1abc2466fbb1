"""Linear models: training, evaluation and prediction. Imported only if a flow has one."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge, RidgeClassifier
from sklearn.pipeline import Pipeline, make_pipeline

from ikigai_core.local.engine.supervised import (
    CLASSIFICATION_METRICS,
    MOST_PERMUTED,
    REGRESSION_METRICS,
    SEED,
    CannotTrainError,
    Kind,
    parts,
    performance,
    permutation,
    plain,
    preparation,
    sample,
)


@dataclass(frozen=True)
class Trained:
    """A trained model: its pipeline, all its hyperparameters, and its metrics."""

    pipeline: Pipeline
    hyperparameters: dict[str, Any]
    metrics: dict[str, Any]


def train(
    sub_model_type: str, given: Mapping[str, Any], frame: pd.DataFrame, kinds: Mapping[str, Kind], target: pd.Series
) -> Trained:
    """Train a linear model.

    Parameters
    ----------
    sub_model_type
        `Base`, `Lasso`, `Ridge` or `Elastic Net`.
    given
        Hyperparameters.
    frame
        Features: floats or texts, with missing values as NaN or None.
    kinds
        Kinds of the columns of `frame`.
    target
        Floats (regression) or texts (classification), without missing values.

    Raises
    ------
    CannotTrainError
        The hyperparameters or the data do not allow training.
    """
    is_number = target.dtype.kind == "f"
    estimator = _regressor(sub_model_type, given) if is_number else _classifier(sub_model_type, given)
    pipeline = make_pipeline(preparation(kinds), estimator)
    with warnings.catch_warnings():
        # The metrics show if a solver has not converged.
        warnings.simplefilter("ignore")
        try:
            pipeline.fit(frame, target)
        except ValueError as error:
            raise CannotTrainError(str(error)) from error
        metrics = {
            "feature_importance": _importance(pipeline, frame, target, is_number),
            "performance": performance(pipeline, frame, target, is_number),
        }
    return Trained(pipeline, {name: plain(value) for name, value in estimator.get_params().items()}, metrics)


def _regressor(sub_model_type: str, given: Mapping[str, Any]) -> Any:
    intercept = given["fit_intercept"]
    match sub_model_type:
        case "Lasso":
            return Lasso(alpha=given["alpha"], fit_intercept=intercept)
        case "Ridge":
            return Ridge(alpha=given["alpha"], fit_intercept=intercept)
        case "Elastic Net":
            return ElasticNet(alpha=given["alpha"], l1_ratio=given["l1_ratio"], fit_intercept=intercept)
        case _:
            return LinearRegression(fit_intercept=intercept)


def _classifier(sub_model_type: str, given: Mapping[str, Any]) -> Any:
    intercept = given["fit_intercept"]
    match sub_model_type:
        case "Lasso":
            return _logistic(_inverse(given["alpha"]), 1.0, intercept)
        case "Ridge":
            return RidgeClassifier(alpha=given["alpha"], fit_intercept=intercept)
        case "Elastic Net":
            return _logistic(_inverse(given["alpha"]), given["l1_ratio"], intercept)
        case _:
            shares = {"l1": 1.0, "l2": 0.0, "elasticnet": 0.5}
            return _logistic(given["C"], shares[given["penalty"]], intercept, int(given["max_iter"]))


def _logistic(strength: float, l1_ratio: float, intercept: bool, max_iter: int = 1000) -> Any:
    solver = "saga" if l1_ratio else "lbfgs"
    return LogisticRegression(
        C=strength, l1_ratio=l1_ratio, fit_intercept=intercept, max_iter=max_iter, solver=solver, random_state=SEED
    )


def _inverse(alpha: float) -> float:
    if alpha < 0:
        raise CannotTrainError(f"alpha is {alpha}; it must not be negative")
    return 1 / alpha if alpha else math.inf


def _importance(pipeline: Pipeline, frame: pd.DataFrame, target: pd.Series, is_number: bool) -> dict[str, Any]:
    scoring = REGRESSION_METRICS[0] if is_number else CLASSIFICATION_METRICS[0]
    some, their_target = sample(frame, target, MOST_PERMUTED)
    return {
        "shapley": _shapley(pipeline, some),
        "linear_base": _coefficients(pipeline, list(frame.columns)),
        "permutation": permutation(pipeline, some, their_target, scoring, SEED),
    }


def _prepared(pipeline: Pipeline, frame: pd.DataFrame) -> Any:
    prepared = pipeline[0].transform(frame)
    return prepared.toarray() if hasattr(prepared, "toarray") else np.asarray(prepared)


def _coefficients(pipeline: Pipeline, names: list[str]) -> dict[str, float]:
    """Return the sum of absolute coefficients per column: text columns have one coefficient per value."""
    magnitudes = np.abs(np.atleast_2d(pipeline[-1].coef_)).sum(axis=0)
    places = parts(pipeline[0])
    return {name: float(magnitudes[places[name]].sum()) for name in names}


def _shapley(pipeline: Pipeline, frame: pd.DataFrame) -> dict[str, float]:
    """Return each column's mean absolute Shapley value: in a linear model, its contribution minus the mean."""
    prepared = _prepared(pipeline, frame)
    centered, coefficients = prepared - prepared.mean(axis=0), np.atleast_2d(pipeline[-1].coef_)
    places = parts(pipeline[0])
    return {
        str(name): float(np.abs(centered[:, places[name]] @ coefficients[:, places[name]].T).sum(axis=1).mean())
        for name in frame.columns
    }
