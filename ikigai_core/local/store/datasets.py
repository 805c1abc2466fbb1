"""Datasets, the log of uploads to them, and the sizes that they had."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from ikigai_core.local.store import timestamps
from ikigai_core.local.store.database import Database
from ikigai_core.local.store.ids import new_id
from ikigai_core.local.store.table import Table


@dataclass(frozen=True)
class Dataset:
    """A table of data.

    `data_file` is the name of the data file, empty if there is no data yet; `size` is in bytes of CSV.
    """

    dataset_id: str
    app_id: str
    name: str
    directory_id: str
    filename: str
    created_at: int
    modified_at: int
    agent_access: bool = False
    is_optimized: bool = False
    size: int = 0
    data_file: str = ""
    data_types: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class DatasetLogEntry:
    """A log entry about a dataset's data: the operation, its result and its time."""

    entry_id: str
    dataset_id: str
    status: str
    job_type: str
    timestamp: int
    message: str


class DatasetLog:
    """The log of all datasets."""

    def __init__(self, database: Database) -> None:
        self._table: Table[DatasetLogEntry] = Table(database, "dataset_log", DatasetLogEntry, index=("dataset_id",))

    def write(self, dataset_id: str, status: str, message: str = "") -> None:
        """Record the result of an upload, with a time strictly later than now."""
        entry = DatasetLogEntry(new_id(), dataset_id, status, "UPLOAD_DATASET", timestamps.after_now(), message)
        self._table.insert(entry)

    def newest(self, dataset_id: str, limit: int) -> list[DatasetLogEntry]:
        """Return a dataset's newest entries, newest first."""
        return self._table.find(dataset_id=dataset_id, newest_first=True, limit=limit)

    def remove(self, dataset_id: str) -> None:
        """Delete the log of a dataset."""
        self._table.delete(dataset_id=dataset_id)


@dataclass(frozen=True)
class DatasetSize:
    """The size of a dataset in bytes from a point in time on. `run_id` is the run that wrote it; empty for uploads."""

    entry_id: str
    dataset_id: str
    size: int
    run_id: str
    at: float


class DatasetSizes:
    """The sizes that all datasets had."""

    def __init__(self, database: Database) -> None:
        self._table: Table[DatasetSize] = Table(database, "dataset_sizes", DatasetSize, index=("dataset_id",))

    def note(self, dataset_id: str, size: int, run_id: str = "") -> None:
        """Record that a dataset has new data of this size."""
        self._table.insert(DatasetSize(new_id(), dataset_id, size, run_id, time.time()))

    def newest(self, dataset_id: str, limit: int) -> list[DatasetSize]:
        """Return a dataset's newest sizes, newest first."""
        return self._table.find(dataset_id=dataset_id, newest_first=True, limit=limit)

    def remove(self, dataset_id: str) -> None:
        """Forget the sizes of a dataset."""
        self._table.delete(dataset_id=dataset_id)
