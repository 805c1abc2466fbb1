"""Metadata of models: the newest version, and the history of its metrics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_ikigai.metadata import METRIC, METRIC_HISTORY, METRICS, link
from dagster_ikigai.runs.charts import line_chart

if TYPE_CHECKING:
    from ikigai_core import Model, ModelVersion

_PERFORMANCE = "performance"
_MOST_DRAWN = 50
_MOST_CHARTS = 6


def model_metadata(model: Model, versions: Sequence[ModelVersion]) -> dict[str, Any]:
    """Metadata of a model: its newest version, that version's metrics, and their history.

    Parameters
    ----------
    model : Model
        The model.
    versions : sequence of ModelVersion
        All of its versions, oldest first.
    """
    metadata: dict[str, Any] = {
        "ikigai/app_id": model.app_id,
        "ikigai/model_id": model.model_id,
        "ikigai/model_type": f"{model.model_type} {model.sub_model_type}",
    }
    link(metadata, "ikigai/model_url", model.web_url)
    if not versions:
        return metadata
    newest = versions[-1]
    metadata |= {
        "ikigai/model_version": newest.version,
        "ikigai/model_version_id": newest.version_id,
        "ikigai/hyperparameters": dg.MetadataValue.json(newest.hyperparameters),
        METRICS: dg.MetadataValue.json(newest.metrics),
    }
    metadata |= {f"{METRIC}{name}": value for name, value in performance(newest).items()}
    drawn = versions[-_MOST_DRAWN:]
    for name, values in _histories(drawn).items():
        chart = line_chart(f"{model.name}: {name}", values, [version.version for version in drawn])
        metadata[f"{METRIC_HISTORY}{name}"] = dg.MetadataValue.md(chart)
    return metadata


def performance(version: ModelVersion) -> dict[str, float]:
    """The numeric performance metrics of a version, by names such as ``performance.r2.average_test``."""
    from ikigai_core.orchestration import flat_metrics

    return flat_metrics({_PERFORMANCE: version.metrics.get(_PERFORMANCE) or {}})


def _histories(versions: Sequence[ModelVersion]) -> dict[str, dict[str, list[float | None]]]:
    """The history of each metric: the values of its parts, such as training and testing, for each version."""
    measured = [performance(version) for version in versions]
    histories: dict[str, dict[str, list[float | None]]] = {}
    for name in dict.fromkeys(name for values in measured for name in values):
        metric, _, part = name.removeprefix(f"{_PERFORMANCE}.").partition(".")
        histories.setdefault(metric, {})[part or metric] = [values.get(name) for values in measured]
    return dict(list(histories.items())[:_MOST_CHARTS])
