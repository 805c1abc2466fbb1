"""What supervised models share: features, evaluation, and the positions of columns among the features."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np
import pandas as pd
from sklearn.base import clone
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.inspection import permutation_importance
from sklearn.model_selection import KFold, StratifiedKFold, cross_validate
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, StandardScaler

Kind = Literal["number", "text"]

REGRESSION_METRICS = ("r2", "neg_mean_absolute_error", "neg_mean_squared_error")
CLASSIFICATION_METRICS = ("accuracy", "balanced_accuracy")
SEED = 0
MOST_PERMUTED = 2_000
"""For very large tables, so many rows are enough for the importance of columns."""
# For text columns, the most frequent values become features; the rest share one.
_MOST_VALUES = 30
_MOST_FOLDS = 5
_FEWEST_ROWS_A_FOLD = 2
# For very large tables, a sample is enough for the evaluation.
_MOST_EVALUATED = 50_000


class CannotTrainError(Exception):
    """The hyperparameters or the data do not allow training. The message is for the flow's author."""


def preparation(kinds: Mapping[str, Kind]) -> ColumnTransformer:
    """Return what makes numbers of features: missing numbers become the median, texts their most frequent values."""
    numbers = make_pipeline(SimpleImputer(strategy="median", keep_empty_features=True), StandardScaler())
    texts = make_pipeline(
        SimpleImputer(strategy="constant", fill_value="", missing_values=None, keep_empty_features=True),
        OneHotEncoder(max_categories=_MOST_VALUES, handle_unknown="infrequent_if_exist"),
    )
    columns = {kind: [name for name, other in kinds.items() if other == kind] for kind in ("number", "text")}
    return ColumnTransformer([("number", numbers, columns["number"]), ("text", texts, columns["text"])])


def performance(
    pipeline: Pipeline,
    frame: pd.DataFrame,
    target: pd.Series,
    is_number: bool,
    *,
    most_folds: int = _MOST_FOLDS,
    seed: int = SEED,
) -> dict[str, Any]:
    """Cross-validate; metrics are None if there are too few rows."""
    names = REGRESSION_METRICS if is_number else CLASSIFICATION_METRICS
    frame, target = sample(frame, target, _MOST_EVALUATED)
    fewest = len(target) if is_number else int(target.value_counts().min())
    folds = min(most_folds, fewest // _FEWEST_ROWS_A_FOLD)
    if folds < 2:
        return {name: {"average_test": None, "average_train": None} for name in names}
    split = (KFold if is_number else StratifiedKFold)(folds, shuffle=True, random_state=seed)
    scores = cross_validate(clone(pipeline), frame, target, cv=split, scoring=names, return_train_score=True)
    return {
        name: {f"average_{part}": plain(scores[f"{part}_{name}"].mean()) for part in ("test", "train")}
        for name in names
    }


def parts(preparation: ColumnTransformer) -> dict[str, slice]:
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


def sample(frame: pd.DataFrame, target: pd.Series, most: int) -> tuple[pd.DataFrame, pd.Series]:
    """Return at most so many rows, the same ones each time."""
    if len(frame) <= most:
        return frame, target
    chosen = np.sort(np.random.default_rng(SEED).choice(len(frame), most, replace=False))
    return frame.iloc[chosen], target.iloc[chosen]


def permutation(pipeline: Pipeline, frame: pd.DataFrame, target: pd.Series, metric: str, seed: int) -> dict[str, Any]:
    """Return how much a metric drops on average if the values of a column change places."""
    permuted = permutation_importance(pipeline, frame, target, scoring=metric, random_state=seed)
    return {str(name): plain(value) for name, value in zip(frame.columns, permuted.importances_mean, strict=True)}


def plain(value: Any) -> Any:
    """Return the value as JSON: None if it is not finite."""
    if isinstance(value, np.generic):
        value = value.item()
    return None if isinstance(value, float) and not math.isfinite(value) else value
