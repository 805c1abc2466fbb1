"""Answers about models and their versions."""

from __future__ import annotations

from typing import Any

# Before Python 3.12, Pydantic needs this TypedDict instead of the one in `typing`.
from typing_extensions import TypedDict

from ikigai_core.local.server.schemas.directories import DirectoryItem


class ModelRef(TypedDict):
    model_id: str


class ModelItem(TypedDict):
    project_id: str
    model_id: str
    name: str
    latest_version_id: str
    directory: DirectoryItem
    model_type: str
    sub_model_type: str
    description: str
    created_at: str
    modified_at: str


class ModelFound(TypedDict):
    model: ModelItem


class ModelsFound(TypedDict):
    models: list[ModelItem]
    limit_warning: str


class ModelMetrics(TypedDict):
    feature_importance: dict[str, Any]
    performance: dict[str, Any]


class ModelVersionItem(TypedDict):
    version_id: str
    model_id: str
    version: str
    hyperparameters: dict[str, Any]
    metrics: ModelMetrics
    created_at: str
    modified_at: str


class ModelVersionFound(TypedDict):
    model_version: ModelVersionItem


class ModelVersionsFound(TypedDict):
    versions: list[ModelVersionItem]
