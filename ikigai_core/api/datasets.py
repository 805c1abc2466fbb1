"""Datasets, and the requests around their uploads and downloads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from ikigai_core.api.answers import (
    Listing,
    Record,
    get_field,
    identity,
    malformed,
    many,
    nothing,
    objects,
    one,
    signed_url,
    text,
)
from ikigai_core.api.call import Call, get, post
from ikigai_core.enums import DatasetDownloadStatus


@dataclass(frozen=True)
class UploadTicket:
    """The target of an upload's parts. The URLs are signed: keep them secret while they are valid."""

    upload_id: str
    content_type: str
    urls: Mapping[int, str]

    def __repr__(self) -> str:
        return f"UploadTicket(upload_id={self.upload_id!r}, parts={len(self.urls)})"


def create(app_id: str, name: str, directory: Record | None = None, agent_access: bool | None = None) -> Call[str]:
    dataset: Record = {"project_id": app_id, "name": name, "directory": directory or {}}
    if agent_access is not None:
        dataset["agent_access"] = agent_access
    return post("/component/create-dataset", text("dataset_id"), {"dataset": dataset}, repeatable=False)


def fetch(app_id: str, dataset_id: str) -> Call[Record]:
    return get("/component/get-dataset", one("dataset"), project_id=app_id, dataset_id=dataset_id)


def by_name(app_id: str, name: str) -> Call[Record]:
    return get("/component/get-dataset", one("dataset", "dataset_id", "name"), project_id=app_id, name=name)


def listing(app_id: str, directory_id: str | None = None) -> Call[Listing]:
    return get(
        "/component/get-datasets-for-project",
        many("datasets", "dataset_id", "name"),
        project_id=app_id,
        fetch_all=str(directory_id is None),
        directory_id=directory_id,
    )


def search(app_id: str, query: str) -> Call[Listing]:
    return get(
        "/search/search-datasets-for-project", many("datasets", "dataset_id", "name"), project_id=app_id, query=query
    )


def edit(app_id: str, dataset_id: str, **changes: Any) -> Call[str]:
    dataset = {"project_id": app_id, "dataset_id": dataset_id, **changes}
    return post("/component/edit-dataset", text("dataset_id"), {"dataset": dataset})


def delete(app_id: str, dataset_id: str) -> Call[str]:
    dataset = {"project_id": app_id, "dataset_id": dataset_id}
    return post("/component/delete-dataset", text("dataset_id"), {"dataset": dataset})


def upload_urls(app_id: str, dataset_id: str, filename: str, file_size: int) -> Call[UploadTicket]:
    return get(
        "/component/get-dataset-multipart-upload-urls",
        _read_ticket,
        dataset_id=dataset_id,
        project_id=app_id,
        filename=filename,
        file_size=str(file_size),
    )


def _read_ticket(answer: Any) -> UploadTicket:
    urls = get_field(answer, "urls", dict)
    numbers = sorted(int(number) for number in urls if number.isascii() and number.isdecimal() and len(number) < 10)
    if not urls or len(numbers) != len(urls):
        raise malformed("urls", urls, "an object with a URL for each number of a part")
    content_type = identity(answer, "content_type")
    if not content_type.isascii() or not content_type.isprintable():
        raise malformed("content_type", content_type, "the name of a type")
    signed = {int(number): signed_url(urls, number, "urls") for number in urls}
    return UploadTicket(identity(answer, "upload_id"), content_type, {number: signed[number] for number in numbers})


def complete_upload(
    app_id: str, dataset_id: str, filename: str, upload_id: str, etags: Mapping[int, str]
) -> Call[None]:
    body = {
        "abort": False,
        "dataset": {"dataset_id": dataset_id, "project_id": app_id, "filename": filename},
        "upload_id": upload_id,
        "etags": {str(number): etag for number, etag in etags.items()},
    }
    return post("/component/complete-dataset-multipart-upload", nothing, body, repeatable=False)


def abort_upload(app_id: str, dataset_id: str, filename: str, upload_id: str) -> Call[None]:
    body = {
        "abort": True,
        "dataset": {"dataset_id": dataset_id, "project_id": app_id, "filename": filename},
        "upload_id": upload_id,
    }
    return post("/component/complete-dataset-multipart-upload", nothing, body)


def verify_upload(app_id: str, dataset_id: str, filename: str) -> Call[None]:
    return get("/component/verify-dataset-upload", nothing, project_id=app_id, dataset_id=dataset_id, filename=filename)


def confirm_upload(app_id: str, dataset_id: str) -> Call[str]:
    return get("/component/confirm-dataset-upload", text("status"), project_id=app_id, dataset_id=dataset_id)


def log(app_id: str, dataset_id: str, limit: int) -> Call[list[Record]]:
    def read(answer: Any) -> list[Record]:
        return objects(answer, "dataset_log", "status")

    return get("/component/get-dataset-log", read, dataset_id=dataset_id, project_id=app_id, limit=str(limit))


def download_url(app_id: str, dataset_id: str) -> Call[tuple[str, str]]:
    """The state of a download's preparation, and its URL if it is ready."""

    def read(answer: Any) -> tuple[str, str]:
        status = get_field(answer, "status", str)
        return status, signed_url(answer, "url") if status == DatasetDownloadStatus.SUCCESS else ""

    return get("/component/get-dataset-download-url", read, project_id=app_id, dataset_id=dataset_id)
