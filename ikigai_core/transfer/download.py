"""The requests of a download: wait until the platform has prepared the file, then fetch all of it."""

from __future__ import annotations

import filecmp
import os
import uuid
from collections.abc import Callable
from pathlib import Path

from ikigai_core.api import datasets
from ikigai_core.api.answers import shortened
from ikigai_core.enums import DatasetDownloadStatus
from ikigai_core.errors import DownloadError
from ikigai_core.procedure import Procedure, call_blocking, pause, processing_timeout, send
from ikigai_core.transfer.locations import copy_to, is_url, local_target
from ikigai_core.transfer.parts import TICKETS, UrlExpiredError
from ikigai_core.transfer.progress import OnProgress, metered
from ikigai_core.transfer.ranges import ChangedError, DownloadTarget
from ikigai_core.transfer.scratch import scratch_file
from ikigai_core.transfer.steps import fetch


def download(app_id: str, dataset_id: str, name: str, target: Path, on_progress: OnProgress = None) -> Procedure[Path]:
    """Download a dataset's data as CSV. The target is replaced only when the data are complete.

    Raises
    ------
    DownloadError
        The platform cannot prepare the file, or the storage refuses it.
    """
    partial = yield from call_blocking(lambda: _beside(target))
    try:
        yield from download_into(app_id, dataset_id, name, partial, on_progress)
        yield from call_blocking(lambda: os.replace(partial, target))
    finally:
        partial.unlink(missing_ok=True)
    return target


def download_into(
    app_id: str,
    dataset_id: str,
    name: str,
    target: Path | Callable[[int | None], Path],
    on_progress: OnProgress = None,
) -> Procedure[None]:
    """Download a dataset's data as CSV into a file that nobody else reads. `target` is as for `DownloadTarget`.

    Raises
    ------
    DownloadError
    """
    with metered(f"download of {name!r}", on_progress) as meter:
        yield from _fetch_all(app_id, dataset_id, name, DownloadTarget(target, meter))


def download_to(
    app_id: str,
    dataset_id: str,
    name: str,
    target: Path | str,
    convert: Callable[[Path, Path], None] | None,
    on_progress: OnProgress,
) -> Procedure[Path | str]:
    """Download a dataset's data into a local file or a URL, as CSV or converted by `convert`.

    Returns
    -------
    Path or str
        The path, or the URL as it was given.

    Raises
    ------
    InvalidInputError
        The target cannot be a file. Nothing was sent.
    DownloadError
    """
    if not is_url(target):
        target = yield from call_blocking(lambda: local_target(target, "CSV" if convert is None else "Parquet"))
        if convert is None:
            return (yield from download(app_id, dataset_id, name, target, on_progress))
    with scratch_file(".csv") as fetched:
        yield from download(app_id, dataset_id, name, fetched, on_progress)
        yield from call_blocking(lambda: _put(fetched, target, convert))
    return target


def holds(
    app_id: str, dataset_id: str, name: str, size: int, path: Path, on_progress: OnProgress = None
) -> Procedure[bool]:
    """True if a dataset has the same data as a file, byte for byte. Data of a different size are not downloaded."""
    if (yield from call_blocking(lambda: path.stat().st_size)) != size:
        return False
    with scratch_file(".csv") as remote:
        yield from download(app_id, dataset_id, name, remote, on_progress)
        return (yield from call_blocking(lambda: filecmp.cmp(path, remote, shallow=False)))


def _put(fetched: Path, target: Path | str, convert: Callable[[Path, Path], None] | None) -> None:
    converted = fetched
    if convert is not None:
        converted = _beside(fetched if is_url(target) else Path(target))
    try:
        if convert is not None:
            convert(fetched, converted)
        if is_url(target):
            copy_to(converted, str(target))
        else:
            os.replace(converted, target)
    finally:
        converted.unlink(missing_ok=True)


def _fetch_all(app_id: str, dataset_id: str, name: str, target: DownloadTarget) -> Procedure[None]:
    """Fetch the missing data: with a new URL if one expires, and from the start if the data change."""
    for tries_left in reversed(range(TICKETS)):
        url = yield from _ready_url(app_id, dataset_id, name)
        try:
            yield from fetch(url, target)
            return
        except UrlExpiredError as error:
            if not tries_left:
                raise DownloadError(str(error)) from None
        except ChangedError:
            if not tries_left:
                raise DownloadError(
                    f"Dataset {name!r} changed again and again during the download.", transient=True
                ) from None
            target.forget()


def _ready_url(app_id: str, dataset_id: str, name: str) -> Procedure[str]:
    limit = yield from processing_timeout()
    began = now = yield from pause(0)
    while True:
        status, url = yield from send(datasets.download_url(app_id, dataset_id))
        if status == DatasetDownloadStatus.SUCCESS:
            return url
        if status != DatasetDownloadStatus.IN_PROGRESS:
            raise DownloadError(
                f"The platform cannot offer dataset {name!r} for download (status {shortened(status)})."
            )
        if now - began > limit:
            raise DownloadError(f"The platform was still preparing dataset {name!r} after {limit:.0f} s.")
        now = yield from pause(max(0.25, min(0.1 * (now - began), 10.0)))


def _beside(target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.with_name(f".{target.name}.{uuid.uuid4().hex}.part")
