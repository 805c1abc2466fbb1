"""Uploads of data in parts."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query, Request
from pydantic import Field, model_validator

from ikigai_core.local.platform import Platform
from ikigai_core.local.problems import bad_request, conflict
from ikigai_core.local.server.routes.common import Body, Given, PlatformPart
from ikigai_core.local.server.routes.data import CONTENT_TYPE, LARGEST_FILE, part_subject
from ikigai_core.local.server.routes.routers import guarded_router
from ikigai_core.local.server.schemas.datasets import DatasetRef, UploadBegun, UploadVerdict
from ikigai_core.local.store import timestamps
from ikigai_core.local.store.ids import new_id
from ikigai_core.local.store.uploads import Part, Upload, UploadState

router = guarded_router()

SMALLEST_PART = 5 << 20
_PART_SIZE = 8 << 20
_MOST_PARTS = 10_000


PartNumber = Annotated[str, Field(pattern=r"^[0-9]{1,5}$")]


class UploadedDataset(Given):
    dataset_id: str
    project_id: str
    filename: str


class CompleteUpload(Body):
    abort: bool
    dataset: UploadedDataset
    upload_id: str
    etags: dict[PartNumber, str] | None = None

    @model_validator(mode="after")
    def _has_etags(self) -> CompleteUpload:
        if not self.abort and not self.etags:
            raise ValueError("etags: required unless abort is true")
        return self


@router.get("/component/get-dataset-multipart-upload-urls")
def begin_upload(
    request: Request,
    platform: PlatformPart,
    dataset_id: str,
    project_id: str,
    filename: str,
    file_size: Annotated[int, Query(ge=1, le=LARGEST_FILE)],
) -> UploadBegun:
    """Start an upload: return one signed URL per part."""
    dataset = platform.store.datasets.get(dataset_id, app_id=project_id)
    if not filename.lower().endswith(".csv"):
        raise bad_request(f"filename: {filename!r} is not the name of a CSV file: it must end in .csv")
    platform.drop_old_uploads()
    upload = Upload(
        upload_id=new_id(),
        dataset_id=dataset.dataset_id,
        app_id=dataset.app_id,
        filename=filename,
        file_size=file_size,
        part_count=min(max(file_size // _PART_SIZE, 1), _MOST_PARTS),
        state=UploadState.OPEN,
        created_at=timestamps.now(),
    )
    platform.store.uploads.add(upload)
    base_url = str(request.base_url)
    urls = {
        str(number): platform.signer.url(base_url, "PUT", part_subject(upload.upload_id, number))
        for number in range(1, upload.part_count + 1)
    }
    return {"upload_id": upload.upload_id, "content_type": CONTENT_TYPE, "urls": urls}


@router.post("/component/complete-dataset-multipart-upload")
def complete_upload(platform: PlatformPart, body: CompleteUpload) -> DatasetRef:
    """Join the parts of an upload, or discard them."""
    dataset = platform.store.datasets.get(body.dataset.dataset_id, app_id=body.dataset.project_id)
    upload = platform.store.uploads.get(body.upload_id, dataset.dataset_id)
    if body.dataset.filename != upload.filename:
        raise bad_request(f"dataset.filename: this upload is of {upload.filename!r}, not {body.dataset.filename!r}")
    if body.abort:
        _abort(platform, upload)
    else:
        _complete(platform, upload, {int(number): etag for number, etag in (body.etags or {}).items()})
    return {"dataset_id": dataset.dataset_id}


@router.get("/component/verify-dataset-upload")
def verify_upload(platform: PlatformPart, project_id: str, dataset_id: str, filename: str) -> DatasetRef:
    """Start the check of the latest upload."""
    upload = _last_upload(platform, project_id, dataset_id)
    if filename != upload.filename:
        raise bad_request(f"filename: the last upload is of {upload.filename!r}, not {filename!r}")
    with platform.store.transaction():
        current = platform.store.uploads.get(upload.upload_id, dataset_id)
        if current.state == UploadState.COMPLETED:
            platform.checks.start(current)
    return {"dataset_id": dataset_id}


@router.get("/component/confirm-dataset-upload")
def confirm_upload(platform: PlatformPart, project_id: str, dataset_id: str) -> UploadVerdict:
    """Return the status of the latest upload's check."""
    upload = _last_upload(platform, project_id, dataset_id)
    if upload.state == UploadState.COMPLETED:
        raise conflict("This upload is not being checked: call verify-dataset-upload first")
    return {"status": "RUNNING" if upload.state == UploadState.CHECKING else upload.state}


def _last_upload(platform: Platform, project_id: str, dataset_id: str) -> Upload:
    dataset = platform.store.datasets.get(dataset_id, app_id=project_id)
    upload = platform.store.uploads.last_completed(dataset.dataset_id)
    if upload is None:
        raise bad_request(f"dataset_id: no upload to dataset {dataset.name!r} was completed")
    return upload


def _abort(platform: Platform, upload: Upload) -> None:
    with platform.store.transaction():
        current = platform.store.uploads.get(upload.upload_id, upload.dataset_id)
        if current.state not in (UploadState.OPEN, UploadState.ABORTED):
            raise conflict("This upload was completed already: it cannot be aborted")
        platform.store.uploads.set_state(upload.upload_id, UploadState.ABORTED)
        platform.store.uploads.drop_parts(upload.upload_id)
    platform.checks.arrivals.forget(upload.upload_id)
    platform.files.drop_upload(upload.upload_id)


def _complete(platform: Platform, upload: Upload, etags: dict[int, str]) -> None:
    if upload.state == UploadState.ABORTED:
        raise conflict("This upload was aborted: begin a new one")
    parts = platform.store.uploads.parts(upload.upload_id)
    _check_etags(upload, parts, etags)
    if upload.state != UploadState.OPEN:
        # A repeated call, because the first answer was lost.
        return
    _check_sizes(upload, parts)
    joined = platform.parts.join(upload, parts)
    with platform.store.transaction():
        current = platform.store.uploads.get(upload.upload_id, upload.dataset_id)
        if current.state == UploadState.OPEN:
            platform.store.uploads.set_state(upload.upload_id, UploadState.COMPLETED, data_file=joined.name)
    platform.files.drop_upload(upload.upload_id)


def _check_etags(upload: Upload, parts: dict[int, Part], etags: dict[int, str]) -> None:
    numbers = set(range(1, upload.part_count + 1))
    for number in sorted(numbers | set(etags)):
        if number not in numbers:
            raise bad_request(f"etags: there is no part {number}, this upload has {upload.part_count}")
        if number not in parts:
            raise bad_request(f"etags: part {number} has not arrived")
        if number not in etags:
            raise bad_request(f"etags: part {number} is missing")
        if etags[number].strip('"') != parts[number].etag:
            raise bad_request(f"etags: {etags[number]} is not the ETag that part {number} was answered with")


def _check_sizes(upload: Upload, parts: dict[int, Part]) -> None:
    for number, part in parts.items():
        if number < upload.part_count and part.size < SMALLEST_PART:
            raise bad_request(
                f"part {number} has {part.size} bytes: every part but the last has {SMALLEST_PART} at least"
            )
    total = sum(part.size for part in parts.values())
    if total != upload.file_size:
        raise bad_request(f"file_size: {upload.file_size} bytes were announced, {total} have arrived")
