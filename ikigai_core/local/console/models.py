"""Pages about models."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from ikigai_core.local.console.access import Page, VisibleApp
from ikigai_core.local.console.charts import shares
from ikigai_core.local.console.rendering import page
from ikigai_core.local.server.console_address import PREFIX
from ikigai_core.local.server.routes.common import PlatformPart
from ikigai_core.local.store.models import ModelVersion

_MOST_VERSIONS = 12
_MOST_FEATURES = 20
_WIDTH = 150.0

router = APIRouter(prefix=PREFIX, route_class=Page, include_in_schema=False, default_response_class=HTMLResponse)


class Bar(NamedTuple):
    """A bar of a chart: its label, length, value, and the number of its color."""

    label: str
    value: Any
    length: float
    color: int = 0


@router.get("/apps/{app_id}/models/{model_id}")
def show_model(request: Request, platform: PlatformPart, app: VisibleApp, model_id: str) -> Response:
    """The page of a model: its versions with their metrics, hyperparameters and feature importance."""
    model = platform.store.models.get(model_id, app_id=app.app_id)
    versions = platform.store.model_versions.all(model_id=model_id)
    compared = versions[-_MOST_VERSIONS:]
    return page(
        request,
        "model.html",
        app=app,
        model=model,
        versions=versions,
        compared=compared,
        metrics=_metrics(compared),
        importance=_importance(compared[-1]) if compared else {},
        hyperparameters=sorted({name for version in compared for name in version.hyperparameters}),
    )


def _metrics(versions: Sequence[ModelVersion]) -> dict[str, list[Bar]]:
    """Return a chart for each metric, with a bar for each version and value."""
    charts: dict[str, list[tuple[str, Any]]] = {}
    parts: list[str] = []
    for version in versions:
        for metric, measured in _mapping(version.metrics.get("performance")).items():
            for part, value in _mapping(measured).items():
                if part not in parts:
                    parts.append(part)
                charts.setdefault(metric, []).append((version.name, (part, value)))
    return {metric: _bars(bars, parts) for metric, bars in charts.items()}


def _bars(measured: Sequence[tuple[str, Any]], parts: Sequence[str]) -> list[Bar]:
    lengths = shares([_number(value) for _, (_, value) in measured], _WIDTH)
    return [
        Bar(f"{name}, {part.removeprefix('average_')}", value, length, parts.index(part))
        for (name, (part, value)), length in zip(measured, lengths, strict=True)
    ]


def _importance(version: ModelVersion) -> dict[str, list[Bar]]:
    """Return a chart for each measure of feature importance."""
    charts = {}
    for way, features in _mapping(version.metrics.get("feature_importance")).items():
        weighed = sorted(_mapping(features).items(), key=lambda one: -abs(_number(one[1]) or 0.0))[:_MOST_FEATURES]
        lengths = shares([_number(value) for _, value in weighed], _WIDTH)
        charts[way] = [Bar(name, value, length) for (name, value), length in zip(weighed, lengths, strict=True)]
    return charts


def _mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) else None
