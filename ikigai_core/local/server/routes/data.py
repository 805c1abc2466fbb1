"""Data transfer through signed URLs: streams of uploaded parts and of datasets."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import BinaryIO

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import FileResponse
from starlette.concurrency import run_in_threadpool

from ikigai_core.local.platform import Platform
from ikigai_core.local.problems import RefusalError, bad_request, forbidden, not_found
from ikigai_core.local.server.routes.common import PlatformPart
from ikigai_core.local.server.schemas.common import REFUSALS
from ikigai_core.local.store.part_files import ArrivingPart
from ikigai_core.local.store.signing import DATA_PREFIX

CONTENT_TYPE = "text/csv"
LARGEST_FILE = 5 << 40
_BLOCK = 1 << 20


def part_subject(upload_id: str, number: int) -> str:
    """Return the subject of the signature of a part's URL."""
    return f"uploads/{upload_id}/{number}"


async def _no_credentials(request: Request) -> None:
    if "api-key" in request.headers:
        raise bad_request("headers: api-key must not be sent to a signed URL, it needs no credentials")


router = APIRouter(prefix=DATA_PREFIX.rstrip("/"), dependencies=[Depends(_no_credentials)], responses=REFUSALS)


class DataResponse(FileResponse):
    """A file response with blocks large enough for fast disks."""

    chunk_size = _BLOCK


@router.put(
    "/uploads/{upload_id}/{number}",
    response_class=Response,
    responses={200: {"description": "Taken", "headers": {"ETag": {"schema": {"type": "string"}}}}},
    openapi_extra={"requestBody": {"required": True, "content": {CONTENT_TYPE: {"schema": {"type": "string"}}}}},
)
async def put_part(
    request: Request, platform: PlatformPart, upload_id: str, number: int, expires: str = "", signature: str = ""
) -> Response:
    """Receive one part of an upload."""
    platform.signer.check("PUT", part_subject(upload_id, number), expires, signature)
    if request.headers.get("content-type") != CONTENT_TYPE:
        raise forbidden(f"headers: this URL was signed for Content-Type: {CONTENT_TYPE}")
    announced = request.headers.get("content-length")
    part = await run_in_threadpool(platform.parts.begin, upload_id, number, int(announced) if announced else None)
    try:
        size, etag = await receive(request, part.file, part.most)
        await run_in_threadpool(_keep_part, platform, part, size, etag)
    except BaseException:
        platform.parts.discard(part)
        raise
    return Response(headers={"ETag": f'"{etag}"'})


@router.get(
    "/datasets/{dataset_id}/{filename:path}",
    response_class=DataResponse,
    responses={
        200: {"description": "All of it", "content": {CONTENT_TYPE: {"schema": {"type": "string"}}}},
        206: {"description": "The range that was asked for", "content": {CONTENT_TYPE: {"schema": {"type": "string"}}}},
    },
)
def get_data(
    platform: PlatformPart, dataset_id: str, filename: str, expires: str = "", signature: str = ""
) -> FileResponse:
    """Return a dataset's data, or a range of it."""
    platform.signer.check("GET", f"datasets/{dataset_id}", expires, signature)
    dataset = platform.store.datasets.get(dataset_id)
    if not dataset.data_file or platform.files.is_packed(dataset.data_file):
        raise not_found("Data of dataset", dataset.name)
    return DataResponse(platform.files.data(dataset.data_file), media_type=CONTENT_TYPE)


async def receive(request: Request, file: BinaryIO, most: int) -> tuple[int, str]:
    """Write the request's body to a file; return its size and MD5. Keeps at most one block in memory."""
    size, digest = 0, hashlib.md5(usedforsecurity=False)
    chunks: list[bytes] = []
    held = 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > most:
            raise RefusalError(413, f"body: a part cannot be larger than the announced file of {most} bytes")
        chunks.append(chunk)
        held += len(chunk)
        if held >= _BLOCK:
            await run_in_threadpool(_write, file, digest, chunks)
            chunks, held = [], 0
    await run_in_threadpool(_write, file, digest, chunks)
    if not size:
        raise bad_request("body: a part must not be empty")
    return size, digest.hexdigest()


async def receive_whole(request: Request, platform: Platform) -> Path:
    """Write the request's body to a new data file; return its path. Nothing is left if that fails."""
    path = platform.files.new_data()
    try:
        with path.open("wb") as file:
            await receive(request, file, LARGEST_FILE)
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return path


def _write(file: BinaryIO, digest: hashlib._Hash, chunks: list[bytes]) -> None:
    for chunk in chunks:
        digest.update(chunk)
        file.write(chunk)


def _keep_part(platform: Platform, part: ArrivingPart, size: int, etag: str) -> None:
    kept = platform.parts.keep(part, size, etag)
    platform.checks.arrivals.take(part.upload, kept)
