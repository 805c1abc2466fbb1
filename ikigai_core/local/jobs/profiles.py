"""Profiles of datasets, computed when somebody first opens a dataset."""

from __future__ import annotations

import json
import logging
import threading
from collections import OrderedDict
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from ikigai_core.local.jobs.check_limits import CheckLimits
from ikigai_core.local.jobs.job import read_result, result_path
from ikigai_core.local.jobs.worker_modules import PROFILE
from ikigai_core.local.jobs.workers import Workers, last_words
from ikigai_core.local.problems import RunStoppedError
from ikigai_core.local.store.datasets import Dataset
from ikigai_core.local.store.files import Files

logger = logging.getLogger(__name__)

_MOST_KNOWN = 200
FAILED: dict[str, Any] = {}


class Profiles:
    """The profiles of the datasets that were opened last, in memory.

    Parameters
    ----------
    files : Files
        Keeps the data.
    workers : Workers
        The worker processes.
    limits : CheckLimits
        Limits for the computation of a profile.
    """

    def __init__(self, files: Files, workers: Workers, limits: CheckLimits) -> None:
        self._files = files
        self._limits = limits
        self._workers = workers
        self._pool = ThreadPoolExecutor(1, thread_name_prefix="profile")
        self._lock = threading.Lock()
        self._known: OrderedDict[str, dict[str, Any] | None] = OrderedDict()

    def get(self, dataset: Dataset) -> dict[str, Any] | None:
        """Return the profile of a dataset's data; None while it is computed, `FAILED` if that is not possible."""
        with self._lock:
            if dataset.data_file not in self._known:
                self._known[dataset.data_file] = None
                self._pool.submit(self._make, dataset)
                while len(self._known) > _MOST_KNOWN:
                    self._known.popitem(last=False)
            return self._known[dataset.data_file]

    def stop(self) -> None:
        """Compute no more profiles."""
        self._pool.shutdown(wait=False, cancel_futures=True)

    def _make(self, dataset: Dataset) -> None:
        key = f"profile-{dataset.data_file}"
        found = FAILED
        try:
            folder = self._files.job(key)
            folder.mkdir(exist_ok=True)
            data, types = folder / "data.csv", folder / "types.json"
            self._files.lend(dataset.data_file, data)
            types.write_text(json.dumps(dataset.data_types), encoding="utf-8")
            arguments = [str(path) for path in (data, types, result_path(folder))]
            code = self._workers.run(key, PROFILE, folder, *arguments, *self._limits.arguments)
            found = read_result(folder) or FAILED
            if not found:
                logger.error("The profile of %s ended with %s: %s", dataset.dataset_id, code, last_words(folder))
        except RunStoppedError:
            pass
        except Exception:
            logger.exception("Dataset %s could not be profiled", dataset.dataset_id)
        finally:
            self._files.drop_job(key)
            with self._lock:
                if dataset.data_file in self._known:
                    self._known[dataset.data_file] = found
