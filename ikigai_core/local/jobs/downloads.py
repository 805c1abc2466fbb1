"""Unpacks compressed data in the background when a client first requests it."""

from __future__ import annotations

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum

from ikigai_core.local.problems import RunStoppedError
from ikigai_core.local.store import Store
from ikigai_core.local.store.datasets import Dataset
from ikigai_core.local.store.files import Files

logger = logging.getLogger(__name__)


class DownloadStatus(StrEnum):
    """Whether a dataset can be downloaded now."""

    SUCCESS = "SUCCESS"
    IN_PROGRESS = "IN_PROGRESS"
    FAILED = "FAILED"


class Downloads:
    """Prepares datasets for download."""

    def __init__(self, store: Store, files: Files) -> None:
        self._store = store
        self._files = files
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="unpack")
        self._unpacking: set[str] = set()
        self._broken: set[str] = set()
        self._lock = threading.Lock()

    def prepare(self, dataset: Dataset) -> DownloadStatus:
        """Return whether a dataset is ready, and start unpacking it if necessary. FAILED if it has no data."""
        if not dataset.data_file:
            return DownloadStatus.FAILED
        if not self._files.is_packed(dataset.data_file):
            return DownloadStatus.SUCCESS
        with self._lock:
            if dataset.data_file in self._broken:
                # Reported once: the next request tries again.
                self._broken.remove(dataset.data_file)
                return DownloadStatus.FAILED
            if dataset.data_file not in self._unpacking:
                self._unpacking.add(dataset.data_file)
                self._pool.submit(self._unpack, dataset)
        return DownloadStatus.IN_PROGRESS

    def stop(self) -> None:
        """Stop unpacking. The next request for the data starts it again."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _unpack(self, dataset: Dataset) -> None:
        try:
            unpacked = self._files.unpack(dataset.data_file)
            with self._store.transaction():
                now = self._store.datasets.find(dataset.dataset_id)
                is_current = now is not None and now.data_file == dataset.data_file
                if is_current:
                    self._store.datasets.touch(dataset.dataset_id, data_file=unpacked.name)
            self._files.retire(dataset.data_file if is_current else unpacked.name)
        except RunStoppedError:
            pass
        except Exception:
            logger.exception("Dataset %s could not be unpacked", dataset.dataset_id)
            with self._lock:
                self._broken.add(dataset.data_file)
        finally:
            with self._lock:
                self._unpacking.discard(dataset.data_file)
