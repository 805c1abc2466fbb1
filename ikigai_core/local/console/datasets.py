"""Pages about datasets, and their data."""

from __future__ import annotations

import csv
import gzip
import itertools
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse, StreamingResponse

from ikigai_core.local.console.access import Page, VisibleApp
from ikigai_core.local.console.charts import Box, columns
from ikigai_core.local.console.rendering import page
from ikigai_core.local.platform import Platform
from ikigai_core.local.problems import not_found
from ikigai_core.local.server.console_address import PREFIX
from ikigai_core.local.server.routes.common import PlatformPart
from ikigai_core.local.server.routes.data import CONTENT_TYPE, DataResponse
from ikigai_core.local.store.datasets import Dataset, DatasetSize

_MOST_ROWS = 100
_MOST_COLUMNS = 100
_LONGEST_VALUE = 200
_MOST_LOG = 100
_MOST_SIZES = 60
_BLOCK = 1 << 20
_SPREAD = (240.0, 56.0)
_SIZES = (720.0, 90.0)

router = APIRouter(prefix=PREFIX, route_class=Page, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/apps/{app_id}/datasets/{dataset_id}")
def show_dataset(request: Request, platform: PlatformPart, app: VisibleApp, dataset_id: str) -> Response:
    """The page of a dataset: first rows, columns with the distribution of their values, sizes and uploads."""
    dataset = platform.store.datasets.get(dataset_id, app_id=app.app_id)
    header, rows = _first_rows(platform, dataset)
    return page(
        request,
        "dataset.html",
        app=app,
        dataset=dataset,
        header=header,
        rows=rows,
        most_rows=_MOST_ROWS,
        profile=_profile(platform, dataset),
        sizes=_sizes(platform.store.dataset_sizes.newest(dataset_id, _MOST_SIZES)),
        log=platform.store.dataset_log.newest(dataset_id, _MOST_LOG),
    )


@router.get("/apps/{app_id}/datasets/{dataset_id}/data")
def download(platform: PlatformPart, app: VisibleApp, dataset_id: str) -> Response:
    """The complete data of a dataset, as a file."""
    dataset = platform.store.datasets.get(dataset_id, app_id=app.app_id)
    if not dataset.data_file:
        raise not_found("Data of dataset", dataset.name)
    path, name = platform.files.data(dataset.data_file), quote(f"{dataset.name.removesuffix('.csv')}.csv", safe="")
    headers = {
        "Content-Disposition": f"attachment; filename*=utf-8''{name}",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    if platform.files.is_packed(dataset.data_file):
        return StreamingResponse(_unpacked(path), media_type=CONTENT_TYPE, headers=headers)
    return DataResponse(path, media_type=CONTENT_TYPE, headers=headers)


def _unpacked(path: Path) -> Iterator[bytes]:
    with gzip.open(path, "rb") as file:
        while block := file.read(_BLOCK):
            yield block


def _first_rows(platform: Platform, dataset: Dataset) -> tuple[list[str], list[list[str]]]:
    """Return the header and the first rows. Read no more than them."""
    if not dataset.data_file:
        return [], []
    path = platform.files.data(dataset.data_file)
    is_packed = platform.files.is_packed(dataset.data_file)
    with (
        gzip.open(path, "rt", encoding="utf-8-sig", newline="")
        if is_packed
        else path.open(encoding="utf-8-sig", newline="")
    ) as file:
        read = csv.reader(file)
        header = [name[:_LONGEST_VALUE] for name in next(read, [])]
        rows = [row for row in itertools.islice(read, _MOST_ROWS) if row]
    return header[:_MOST_COLUMNS], [[value[:_LONGEST_VALUE] for value in row[:_MOST_COLUMNS]] for row in rows]


def _profile(platform: Platform, dataset: Dataset) -> dict[str, Any] | None:
    """Return the profile with the bars of its charts. None if it is not ready yet, empty if there is none."""
    found = platform.profiles.get(dataset) if dataset.data_file else {}
    if not found:
        return found
    bars = {name: columns(column.get("bins") or (), *_SPREAD) for name, column in found["columns"].items()}
    return {**found, "bars": bars}


def _sizes(newest: list[DatasetSize]) -> list[tuple[DatasetSize, Box]]:
    sizes = newest[::-1]
    return list(zip(sizes, columns([one.size for one in sizes], *_SIZES), strict=True))
