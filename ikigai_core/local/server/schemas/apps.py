"""Answers about apps and their content."""

from __future__ import annotations

from typing import Any

# Before Python 3.12, Pydantic needs this TypedDict instead of the one in `typing`.
from typing_extensions import TypedDict

from ikigai_core.local.server.schemas.datasets import DatasetItem
from ikigai_core.local.server.schemas.directories import DirectoryItem
from ikigai_core.local.server.schemas.flows import FlowItem
from ikigai_core.local.server.schemas.models import ModelItem


class AppRef(TypedDict):
    project_id: str


class AppItem(TypedDict):
    project_id: str
    name: str
    owner: str
    description: str
    icon: str
    images: list[Any]
    directory: DirectoryItem
    created_at: str
    modified_at: str
    last_used_at: str


class AppFound(TypedDict):
    project: AppItem


class AppsFound(TypedDict):
    projects: list[AppItem]
    limit_warning: str


class UserItem(TypedDict):
    email: str
    project_access_level: str


class AppComponents(TypedDict):
    """Everything in an app. On the local platform, the lists of untyped objects are always empty."""

    charts: list[dict[str, Any]]
    connectors: list[dict[str, Any]]
    dashboards: list[dict[str, Any]]
    datasets: list[DatasetItem]
    databases: list[dict[str, Any]]
    pipelines: list[FlowItem]
    models: list[ModelItem]
    external_resources: list[dict[str, Any]]
    users: list[UserItem]
    connector_directories: list[dict[str, Any]]
    dashboard_directories: list[dict[str, Any]]
    dataset_directories: list[DirectoryItem]
    database_directories: list[dict[str, Any]]
    pipeline_directories: list[DirectoryItem]
    model_directories: list[DirectoryItem]
    external_resource_directories: list[dict[str, Any]]


class ComponentsFound(TypedDict):
    project_components: dict[str, AppComponents]
