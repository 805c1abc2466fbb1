"""The verdict on uploads: is what arrived a table, and what are its columns."""

from __future__ import annotations

import logging
from concurrent.futures import ThreadPoolExecutor

from ikigai_core.local.files import Files
from ikigai_core.local.store import Store
from ikigai_core.local.store.uploads import Upload, UploadState

logger = logging.getLogger(__name__)

_SIDE_BY_SIDE = 2


class UploadChecks:
    """Checks completed uploads, apart from the requests that ask for it.

    Data that passes takes the place of the dataset's old data; data that fails is dropped and the old data stays.
    """

    def __init__(self, store: Store, files: Files) -> None:
        self._store = store
        self._files = files
        self._pool = ThreadPoolExecutor(_SIDE_BY_SIDE, thread_name_prefix="upload-check")

    def start(self, upload: Upload) -> None:
        """Begin to check a completed upload."""
        self._store.uploads.set_state(upload.upload_id, UploadState.CHECKING)
        self._pool.submit(self._check, upload)

    def recover(self) -> None:
        """Begin again what an earlier process did not finish."""
        for upload in self._store.uploads.in_state(UploadState.CHECKING):
            self.start(upload)

    def stop(self) -> None:
        """Stop checking; what is under way is begun again by `recover`."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _check(self, upload: Upload) -> None:
        try:
            self._decide(upload)
        except Exception:
            logger.exception("The check of upload %s did not end", upload.upload_id)
            self._reject(upload, "The check of the uploaded file did not end: upload it again")

    def _decide(self, upload: Upload) -> None:
        # Here, since reading tables needs libraries that take a while to load.
        from ikigai_core.local.engine import tables

        path = self._files.data(upload.data_file)
        reason = tables.check_table(path)
        if reason is not None:
            self._reject(upload, reason)
            return
        columns = tables.infer_columns(path)
        with self._store.transaction():
            dataset = self._store.datasets.find(upload.dataset_id)
            if dataset is None:
                self._files.retire(upload.data_file)
                return
            self._store.datasets.edit(
                upload.dataset_id,
                data_file=upload.data_file,
                data_types=columns,
                filename=upload.filename,
                size=path.stat().st_size,
                is_optimized=False,
            )
            self._store.dataset_log.write(upload.dataset_id, "SUCCESS")
            self._store.uploads.set_state(upload.upload_id, UploadState.SUCCESS)
        self._files.retire(dataset.data_file)

    def _reject(self, upload: Upload, reason: str) -> None:
        with self._store.transaction():
            if self._store.datasets.find(upload.dataset_id) is not None:
                self._store.dataset_log.write(upload.dataset_id, "FAILED", reason)
                self._store.uploads.set_state(upload.upload_id, UploadState.FAILED)
        self._files.retire(upload.data_file)
