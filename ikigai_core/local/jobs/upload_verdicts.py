"""Checks of uploads: whether the file is a table, and its columns."""

from __future__ import annotations

import hashlib
import logging
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ikigai_core.local.jobs.check_limits import CheckLimits
from ikigai_core.local.jobs.job import read_result, result_path
from ikigai_core.local.jobs.upload_arrivals import UploadArrivals
from ikigai_core.local.jobs.worker_modules import UPLOAD_CHECK
from ikigai_core.local.jobs.workers import Workers, last_words
from ikigai_core.local.problems import RunStoppedError
from ikigai_core.local.store import Store
from ikigai_core.local.store.files import Files
from ikigai_core.local.store.uploads import Upload, UploadState

logger = logging.getLogger(__name__)

_SIDE_BY_SIDE = 2
# Tests upload the same small tables again and again.
_LARGEST_KNOWN = 1 << 20
_MOST_KNOWN = 64


class UploadChecks:
    """Checks completed uploads in the background.

    Valid data replaces the old data of the dataset. Invalid data is deleted, and the old data stays.

    Attributes
    ----------
    arrivals : UploadArrivals
        Checks that begin before the upload is complete.
    """

    def __init__(self, store: Store, files: Files, workers: Workers, limits: CheckLimits) -> None:
        self._store = store
        self._files = files
        self._workers = workers
        self._limits = limits
        self.arrivals = UploadArrivals(store, files, workers, limits)
        self._pool = ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="upload-check")
        self._known: OrderedDict[bytes, dict[str, Any]] = OrderedDict()

    def start(self, upload: Upload) -> None:
        """Start to check a completed upload."""
        self._store.uploads.set_state(upload.upload_id, UploadState.CHECKING)
        self._pool.submit(self._check, upload)

    def recover(self) -> None:
        """Restart the checks that an earlier process did not finish."""
        for upload in self._store.uploads.in_state(UploadState.CHECKING):
            self.start(upload)

    def stop(self) -> None:
        """Start no more checks. `recover` restarts unfinished ones."""
        self.arrivals.stop()
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _check(self, upload: Upload) -> None:
        try:
            verdict = self._verdict(upload)
            if verdict["reason"] is None:
                self._accept(upload, verdict["columns"])
            else:
                self._reject(upload, verdict["reason"])
        except RunStoppedError:
            pass
        except Exception:
            logger.exception("The check of upload %s failed", upload.upload_id)
            self._reject(upload, "The check of the uploaded file failed. The log of the platform has the details")
        finally:
            self._files.drop_job(upload.upload_id)

    def _verdict(self, upload: Upload) -> dict[str, Any]:
        """Return the verdict on an upload. Verdicts on small files are cached."""
        path = self._files.data(upload.data_file)
        if path.stat().st_size > _LARGEST_KNOWN:
            return self.arrivals.verdict(upload) or self._look(upload, path)
        key = hashlib.sha256(path.read_bytes()).digest()
        verdict = self._known.get(key) or self._look(upload, path)
        if "columns" in verdict:
            self._known[key] = verdict
            while len(self._known) > _MOST_KNOWN:
                self._known.popitem(last=False)
        return verdict

    def _look(self, upload: Upload, path: Path) -> dict[str, Any]:
        folder = self._files.job(upload.upload_id)
        folder.mkdir(exist_ok=True)
        arguments = (str(path), str(result_path(folder)), *self._limits.arguments)
        code = self._workers.run(upload.upload_id, UPLOAD_CHECK, folder, *arguments)
        verdict = read_result(folder)
        if verdict is None:
            logger.error("The check of upload %s ended with %s: %s", upload.upload_id, code, last_words(folder))
            return {"reason": self._limits.unfinished(code)}
        return verdict

    def _accept(self, upload: Upload, columns: dict[str, Any]) -> None:
        with self._store.transaction():
            dataset = self._store.datasets.find(upload.dataset_id)
            if dataset is None:
                self._files.retire(upload.data_file)
                return
            size = self._files.data(upload.data_file).stat().st_size
            self._store.datasets.edit(
                upload.dataset_id,
                data_file=upload.data_file,
                data_types=columns,
                filename=upload.filename,
                size=size,
                is_optimized=False,
            )
            self._store.dataset_log.write(upload.dataset_id, "SUCCESS")
            self._store.dataset_sizes.note(upload.dataset_id, size)
            self._store.uploads.set_state(upload.upload_id, UploadState.SUCCESS)
        self._files.retire(dataset.data_file)

    def _reject(self, upload: Upload, reason: str) -> None:
        with self._store.transaction():
            if self._store.datasets.find(upload.dataset_id) is not None:
                self._store.dataset_log.write(upload.dataset_id, "FAILED", reason)
                self._store.uploads.set_state(upload.upload_id, UploadState.FAILED)
        self._files.retire(upload.data_file)
