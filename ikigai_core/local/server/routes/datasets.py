"""Datasets and their downloads."""

from __future__ import annotations

from functools import partial

from fastapi import Request

from ikigai_core.local.jobs.downloads import DownloadStatus
from ikigai_core.local.platform import Platform
from ikigai_core.local.server.routes.common import (
    Body,
    DirectoryPart,
    Given,
    Limit,
    Name,
    PlatformPart,
    edits,
    listed,
    pick,
    place_answer,
    within,
)
from ikigai_core.local.server.routes.routers import guarded_router
from ikigai_core.local.server.schemas.datasets import (
    DatasetFound,
    DatasetItem,
    DatasetLogFound,
    DatasetRef,
    DatasetsFound,
    DownloadUrl,
)
from ikigai_core.local.store import timestamps
from ikigai_core.local.store.datasets import Dataset
from ikigai_core.local.store.ids import new_id

router = guarded_router()


class NewDataset(Given):
    project_id: str
    name: Name
    directory: DirectoryPart | None = None
    agent_access: bool | None = None


class DatasetId(Given):
    project_id: str
    dataset_id: str


class DatasetEdit(DatasetId):
    name: Name | None = None
    directory: DirectoryPart | None = None
    agent_access: bool | None = None


class CreateDataset(Body):
    dataset: NewDataset


class EditDataset(Body):
    dataset: DatasetEdit


class DeleteDataset(Body):
    dataset: DatasetId


def dataset_answer(platform: Platform, dataset: Dataset) -> DatasetItem:
    """Return a dataset in wire format."""
    return {
        "project_id": dataset.app_id,
        "dataset_id": dataset.dataset_id,
        "name": dataset.name,
        "filename": dataset.filename,
        "file_extension": "csv",
        "data_types": dataset.data_types,
        "directory": place_answer(platform, "DATASET", dataset.directory_id),
        "is_optimized": dataset.is_optimized,
        "size": dataset.size,
        "agent_access": dataset.agent_access,
        "is_visible": True,
        "created_at": str(dataset.created_at),
        "modified_at": str(dataset.modified_at),
    }


@router.post("/component/create-dataset")
def create_dataset(platform: PlatformPart, body: CreateDataset) -> DatasetRef:
    """Create a dataset without data."""
    new = body.dataset
    app = platform.store.apps.get(new.project_id)
    now = timestamps.now()
    dataset = Dataset(
        dataset_id=new_id(),
        app_id=app.app_id,
        name=new.name,
        directory_id=_place(platform, app.app_id, new.directory),
        filename=f"{new.name}.csv",
        created_at=now,
        modified_at=now,
        agent_access=bool(new.agent_access),
    )
    return {"dataset_id": platform.store.datasets.add(dataset).dataset_id}


@router.get("/component/get-dataset")
def get_dataset(
    platform: PlatformPart, project_id: str, dataset_id: str | None = None, name: str | None = None
) -> DatasetFound:
    """Return one dataset of an app, by id or name."""
    dataset = pick(platform.store.datasets, "dataset_id", dataset_id, name, app_id=project_id)
    return {"dataset": dataset_answer(platform, dataset)}


@router.get("/component/get-datasets-for-project")
def get_datasets(
    platform: PlatformPart, project_id: str, fetch_all: bool = False, directory_id: str | None = None
) -> DatasetsFound:
    """Return all datasets of an app, or those in a directory."""
    app = platform.store.apps.get(project_id)
    datasets = platform.store.datasets.all(app_id=app.app_id, **within(fetch_all, directory_id))
    items, warning = listed(platform, datasets, partial(dataset_answer, platform))
    return {"datasets": items, "limit_warning": warning}


@router.get("/search/search-datasets-for-project")
def search_datasets(platform: PlatformPart, project_id: str, query: str) -> DatasetsFound:
    """Return the datasets of an app with the query in their names."""
    app = platform.store.apps.get(project_id)
    datasets = platform.store.datasets.search(query, app_id=app.app_id)
    items, warning = listed(platform, datasets, partial(dataset_answer, platform))
    return {"datasets": items, "limit_warning": warning}


@router.post("/component/edit-dataset")
def edit_dataset(platform: PlatformPart, body: EditDataset) -> DatasetRef:
    """Change a dataset's name, directory or agent access."""
    edit = body.dataset
    dataset = platform.store.datasets.get(edit.dataset_id, app_id=edit.project_id)
    changes = edits(edit, name="name", agent_access="agent_access")
    if edit.directory is not None:
        changes["directory_id"] = _place(platform, dataset.app_id, edit.directory)
    platform.store.datasets.edit(dataset.dataset_id, **changes)
    return {"dataset_id": dataset.dataset_id}


@router.post("/component/delete-dataset")
def delete_dataset(platform: PlatformPart, body: DeleteDataset) -> DatasetRef:
    """Delete a dataset and its data."""
    dataset = platform.store.datasets.get(body.dataset.dataset_id, app_id=body.dataset.project_id)
    platform.store.delete_dataset(dataset.dataset_id)
    platform.files.retire(dataset.data_file)
    return {"dataset_id": dataset.dataset_id}


@router.get("/component/get-dataset-log")
def get_dataset_log(platform: PlatformPart, project_id: str, dataset_id: str, limit: Limit = 5) -> DatasetLogFound:
    """Return the latest log entries of a dataset's data, newest first."""
    dataset = platform.store.datasets.get(dataset_id, app_id=project_id)
    entries = platform.store.dataset_log.newest(dataset.dataset_id, limit)
    return {
        "dataset_log": [
            {
                "status": entry.status,
                "timestamp": str(entry.timestamp),
                "job_type": entry.job_type,
                "message": entry.message,
            }
            for entry in entries
        ]
    }


@router.get("/component/get-dataset-download-url")
def get_download_url(request: Request, platform: PlatformPart, project_id: str, dataset_id: str) -> DownloadUrl:
    """Return a signed URL for a dataset's data, once the data is ready."""
    dataset = platform.store.datasets.get(dataset_id, app_id=project_id)
    status = platform.downloads.prepare(dataset)
    if status is not DownloadStatus.SUCCESS:
        return {"status": status}
    subject = f"datasets/{dataset.dataset_id}"
    return {"status": status, "url": platform.signer.url(str(request.base_url), "GET", subject, dataset.filename)}


def _place(platform: Platform, app_id: str, directory: DirectoryPart | None) -> str:
    directory_id = directory.directory_id if directory else ""
    return platform.store.directories.check(directory_id, "DATASET", app_id, "dataset.directory.directory_id")
