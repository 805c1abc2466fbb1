"""The bookkeeping of a download: wait until the platform has the file ready, then fetch it whole or not at all."""

from __future__ import annotations

import os
import uuid
from pathlib import Path

from ikigai_core.api import datasets
from ikigai_core.enums import DatasetDownloadStatus
from ikigai_core.errors import DownloadFailed
from ikigai_core.procedure import Procedure, ask, fetch, pause, work

PREPARATION_LIMIT = 3600.0
"""Seconds for which the platform may prepare a download."""


def download(app_id: str, dataset_id: str, name: str, target: Path) -> Procedure[Path]:
    """Fetch a dataset's data as CSV. The target appears complete, or stays as it was.

    Raises
    ------
    DownloadFailed
        Where the platform cannot prepare the file or the storage refuses it.
    """
    url = yield from _ready_url(app_id, dataset_id, name)
    partial = yield from work(lambda: _beside(target))
    try:
        yield from fetch(url, partial)
        yield from work(lambda: os.replace(partial, target))
    finally:
        partial.unlink(missing_ok=True)
    return target


def _ready_url(app_id: str, dataset_id: str, name: str) -> Procedure[str]:
    began = now = yield from pause(0)
    while True:
        answer = yield from ask(datasets.download_url(app_id, dataset_id))
        status = answer.get("status")
        if status == DatasetDownloadStatus.SUCCESS:
            return str(answer["url"])
        if status != DatasetDownloadStatus.IN_PROGRESS:
            raise DownloadFailed(f"The platform cannot offer dataset {name!r} for download (status {status}).")
        if now - began > PREPARATION_LIMIT:
            raise DownloadFailed(f"The platform was still preparing dataset {name!r} after {PREPARATION_LIMIT:.0f} s.")
        now = yield from pause(max(0.25, min(0.1 * (now - began), 10.0)))


def _beside(target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
