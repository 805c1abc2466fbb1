"""Checks of large uploads while their parts arrive, so that little work is left after the last part."""

from __future__ import annotations

import logging
import os
import shutil
import threading
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ikigai_core.local.jobs.arriving_upload import ARRIVALS, ARRIVING, NO_MORE, NUMBER_BYTES
from ikigai_core.local.jobs.check_limits import CheckLimits
from ikigai_core.local.jobs.job import read_result
from ikigai_core.local.jobs.worker_modules import ARRIVING_UPLOAD
from ikigai_core.local.jobs.workers import Workers, last_words
from ikigai_core.local.problems import RunStoppedError
from ikigai_core.local.store import Store
from ikigai_core.local.store.files import Files
from ikigai_core.local.store.ids import new_id
from ikigai_core.local.store.part_files import WHOLE
from ikigai_core.local.store.uploads import Part, Upload

logger = logging.getLogger(__name__)

_SIDE_BY_SIDE = 2
_SMALLEST = 24 << 20


@dataclass(frozen=True)
class _Arrival:
    """A check under way. `told` are the parts that its worker knows; `fifo` is a file descriptor."""

    folder: Path
    fifo: int
    work: Future[int]
    told: set[int] = field(default_factory=set)


class UploadArrivals:
    """Checks a limited number of uploads while their parts arrive in their places."""

    def __init__(self, store: Store, files: Files, workers: Workers, limits: CheckLimits) -> None:
        self._store = store
        self._files = files
        self._workers = workers
        self._limits = limits
        self._pool = ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="upload-arrival")
        self._lock = threading.Lock()
        self._arrivals: dict[str, _Arrival] = {}

    def take(self, upload: Upload, part: Part) -> None:
        """Tell the check of an upload that a part has arrived. Begin the check if not too many are running."""
        if upload.file_size < _SMALLEST:
            return
        with self._lock:
            try:
                self._take(upload, part)
            except OSError as error:
                logger.warning("The early check of upload %s failed: %s", upload.upload_id, error)
                self._end(upload.upload_id)

    def verdict(self, upload: Upload) -> dict[str, Any] | None:
        """Wait for the verdict on a completed upload; None if there is none, so that the file has to be checked."""
        parts = self._store.uploads.parts(upload.upload_id)
        in_place = {number for number, part in parts.items() if part.file == WHOLE}
        with self._lock:
            arrival = self._arrivals.get(upload.upload_id)
            if arrival is None:
                return None
            if len(arrival.told & in_place) < upload.part_count:
                # A client that knows the ETags need not wait until `take` has been called for all parts.
                self._end(upload.upload_id)
                return None
            del self._arrivals[upload.upload_id]
        try:
            if arrival.work.result():
                logger.warning("The early check of upload %s failed: %s", upload.upload_id, last_words(arrival.folder))
            return read_result(arrival.folder)
        finally:
            _close(arrival)

    def forget(self, upload_id: str) -> None:
        """End the check of an upload that was aborted."""
        with self._lock:
            self._end(upload_id)

    def stop(self) -> None:
        """Begin no more checks."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _take(self, upload: Upload, part: Part) -> None:
        arrival = self._arrivals.get(upload.upload_id)
        if part.file != WHOLE:
            self._end(upload.upload_id)
        elif arrival is not None:
            self._tell(arrival, part)
        elif self._has_room():
            self._begin(upload)

    def _has_room(self) -> bool:
        for upload_id, arrival in list(self._arrivals.items()):
            # Checks without a verdict, perhaps of abandoned uploads, are no longer needed.
            if arrival.work.done() and read_result(arrival.folder) is None:
                self._end(upload_id)
        return sum(not arrival.work.done() for arrival in self._arrivals.values()) < _SIDE_BY_SIDE

    def _begin(self, upload: Upload) -> None:
        parts = self._store.uploads.parts(upload.upload_id).values()
        if any(part.file != WHOLE for part in parts):
            return
        folder = self._files.job(new_id())
        folder.mkdir()
        os.link(self._files.upload(upload.upload_id) / WHOLE, folder / ARRIVING)
        os.mkfifo(folder / ARRIVALS)
        # With both ends, opening does not wait for the worker. The buffer has room for as many parts as there can be.
        fifo = os.open(folder / ARRIVALS, os.O_RDWR | os.O_NONBLOCK)
        work = self._pool.submit(self._work, upload, folder)
        arrival = self._arrivals[upload.upload_id] = _Arrival(folder, fifo, work)
        for part in parts:
            self._tell(arrival, part)

    def _work(self, upload: Upload, folder: Path) -> int:
        try:
            arguments = (str(folder), str(upload.file_size), str(upload.part_size), *self._limits.arguments)
            return self._workers.run(folder.name, ARRIVING_UPLOAD, folder, *arguments)
        except RunStoppedError:
            return 0

    def _tell(self, arrival: _Arrival, part: Part) -> None:
        if part.number not in arrival.told:
            arrival.told.add(part.number)
            os.write(arrival.fifo, part.number.to_bytes(NUMBER_BYTES, "big"))

    def _end(self, upload_id: str) -> None:
        arrival = self._arrivals.pop(upload_id, None)
        if arrival is not None:
            os.write(arrival.fifo, NO_MORE.to_bytes(NUMBER_BYTES, "big"))
            arrival.work.add_done_callback(lambda _: _close(arrival))


def _close(arrival: _Arrival) -> None:
    os.close(arrival.fifo)
    shutil.rmtree(arrival.folder, ignore_errors=True)
