"""Answers about datasets, their uploads and downloads."""

from __future__ import annotations

from typing import Annotated, NotRequired

# Before Python 3.12, Pydantic needs this TypedDict instead of the one in `typing`.
from typing_extensions import TypedDict

from ikigai_core.local.server.schemas.common import one_of
from ikigai_core.local.server.schemas.directories import DirectoryItem


class DatasetRef(TypedDict):
    dataset_id: str


class ColumnType(TypedDict):
    data_type: Annotated[str, one_of("NUMERIC", "TEXT", "CATEGORICAL", "TIME")]
    data_formats: dict[str, str]


class DatasetItem(TypedDict):
    project_id: str
    dataset_id: str
    name: str
    filename: str
    file_extension: Annotated[str, one_of("csv")]
    data_types: dict[str, ColumnType]
    directory: DirectoryItem
    is_optimized: bool
    size: int
    agent_access: bool
    is_visible: bool
    created_at: str
    modified_at: str


class DatasetFound(TypedDict):
    dataset: DatasetItem


class DatasetsFound(TypedDict):
    datasets: list[DatasetItem]
    limit_warning: str


class DatasetLogItem(TypedDict):
    status: Annotated[str, one_of("SUCCESS", "FAILED")]
    timestamp: str
    job_type: str
    message: str


class DatasetLogFound(TypedDict):
    dataset_log: list[DatasetLogItem]


class DownloadUrl(TypedDict):
    status: Annotated[str, one_of("SUCCESS", "IN_PROGRESS", "FAILED")]
    url: NotRequired[str]


class UploadBegun(TypedDict):
    upload_id: str
    content_type: str
    urls: dict[str, str]


class UploadVerdict(TypedDict):
    status: Annotated[str, one_of("RUNNING", "SUCCESS", "FAILED")]
