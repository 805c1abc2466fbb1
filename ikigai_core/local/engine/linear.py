"""Linear models: training, evaluation and prediction. Imported only if a flow has one."""

from __future__ import annotations

import math
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.inspection import permutation_importance
from sklearn.linear_model import ElasticNet, Lasso, LinearRegression, LogisticRegression, Ridge, RidgeClassifier
from sklearn.model_selection import KFold, StratifiedKFold, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

Kind = Literal["number", "text"]

REGRESSION_METRICS = ("r2", "neg_mean_absolute_error", "neg_mean_squared_error")
CLASSIFICATION_METRICS = ("accuracy", "balanced_accuracy")
# For text columns, the most frequent values become features; the rest share one.
_MOST_VALUES = 30
_MOST_FOLDS = 5
_FEWEST_ROWS_A_FOLD = 2
# For very large tables, a sample is enough for the evaluation.
_MOST_EVALUATED = 50_000
_MOST_PERMUTED = 2_000
_SEED = 0


class CannotTrainError(Exception):
    """The hyperparameters or the data do not allow training. The message is for the flow's author."""


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
    pipeline = make_pipeline(_preparation(kinds), estimator)
    with warnings.catch_warnings():
        # The metrics show if a solver has not converged.
        warnings.simplefilter("ignore")
        try:
            pipeline.fit(frame, target)
        except ValueError as error:
            raise CannotTrainError(str(error)) from error
        metrics = {
            "feature_importance": _importance(pipeline, frame, target, is_number),
            "performance": _performance(pipeline, frame, target, is_number),
        }
    return Trained(pipeline, {name: _plain(value) for name, value in estimator.get_params().items()}, metrics)


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
        C=strength, l1_ratio=l1_ratio, fit_intercept=intercept, max_iter=max_iter, solver=solver, random_state=_SEED
    )


def _inverse(alpha: float) -> float:
    if alpha < 0:
        raise CannotTrainError(f"alpha is {alpha}; it must not be negative")
    return 1 / alpha if alpha else math.inf


def _preparation(kinds: Mapping[str, Kind]) -> ColumnTransformer:
    numbers = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    texts = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="", missing_values=None, keep_empty_features=True),
        OneHotEncoder(max_categories=_MOST_VALUES, handle_unknown="infrequent_if_exist"),
    )
    columns = {kind: [name for name, other in kinds.items() if other == kind] for kind in ("number", "text")}
    return ColumnTransformer([("number", numbers, columns["number"]), ("text", texts, columns["text"])])


def _performance(pipeline: Pipeline, frame: pd.DataFrame, target: pd.Series, is_number: bool) -> dict[str, Any]:
    """Cross-validate; metrics are None if there are too few rows."""
    names = REGRESSION_METRICS if is_number else CLASSIFICATION_METRICS
    frame, target = _sample(frame, target, _MOST_EVALUATED)
    fewest = len(target) if is_number else int(target.value_counts().min())
    folds = min(_MOST_FOLDS, fewest // _FEWEST_ROWS_A_FOLD)
    if folds < 2:
        return {name: {"average_test": None, "average_train": None} for name in names}
    split = (KFold if is_number else StratifiedKFold)(folds, shuffle=True, random_state=_SEED)
    scores = cross_validate(clone(pipeline), frame, target, cv=split, scoring=names, return_train_score=True)
    return {
        name: {f"average_{part}": _plain(scores[f"{part}_{name}"].mean()) for part in ("test", "train")}
        for name in names
    }


def _importance(pipeline: Pipeline, frame: pd.DataFrame, target: pd.Series, is_number: bool) -> dict[str, Any]:
    scoring = REGRESSION_METRICS[0] if is_number else CLASSIFICATION_METRICS[0]
    some, their_target = _sample(frame, target, _MOST_PERMUTED)
    permuted = permutation_importance(pipeline, some, their_target, scoring=scoring, random_state=_SEED)
    return {
        "shapley": _shapley(pipeline, some),
        "linear_base": _coefficients(pipeline, list(frame.columns)),
        "permutation": {
            name: _plain(value) for name, value in zip(frame.columns, permuted.importances_mean, strict=True)
        },
    }


def _coefficients(pipeline: Pipeline, names: list[str]) -> dict[str, float]:
    """Return the sum of absolute coefficients per column: text columns have one coefficient per value."""
    magnitudes = np.abs(np.atleast_2d(pipeline[-1].coef_)).sum(axis=0)
    parts = _parts(pipeline[0])
    return {name: float(magnitudes[parts[name]].sum()) for name in names}


def _shapley(pipeline: Pipeline, frame: pd.DataFrame) -> dict[str, float]:
    """Return each column's mean absolute Shapley value: in a linear model, its contribution minus the mean."""
    prepared = pipeline[0].transform(frame)
    prepared = prepared.toarray() if hasattr(prepared, "toarray") else np.asarray(prepared)
    centered, coefficients = prepared - prepared.mean(axis=0), np.atleast_2d(pipeline[-1].coef_)
    parts = _parts(pipeline[0])
    return {
        str(name): float(np.abs(centered[:, parts[name]] @ coefficients[:, parts[name]].T).sum(axis=1).mean())
        for name in frame.columns
    }


def _parts(preparation: ColumnTransformer) -> dict[str, slice]:
    """Return the positions of each column in the prepared matrix."""
    parts: dict[str, slice] = {}
    for kind, transformer, columns in preparation.transformers_:
        if not columns or kind == "remainder":
            continue
        start = preparation.output_indices_[kind].start
        for name, width in zip(columns, _widths(kind, transformer, len(columns)), strict=True):
            parts[name] = slice(start, start + width)
            start += width
    return parts


def _widths(kind: str, transformer: Any, count: int) -> list[int]:
    if kind == "number":
        return [1] * count
    encoder = transformer[-1]
    return [
        len(categories) - (0 if rare is None else len(rare) - 1)
        for categories, rare in zip(encoder.categories_, encoder.infrequent_categories_, strict=True)
    ]


def _sample(frame: pd.DataFrame, target: pd.Series, most: int) -> tuple[pd.DataFrame, pd.Series]:
    if len(frame) <= most:
        return frame, target
    chosen = np.sort(np.random.default_rng(_SEED).choice(len(frame), most, replace=False))
    return frame.iloc[chosen], target.iloc[chosen]


def _plain(value: Any) -> Any:
    """Return the value as JSON: None if it is not finite."""
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
