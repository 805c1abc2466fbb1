"""Datasets: tables on the platform."""

from __future__ import annotations

import contextlib
import importlib
from collections.abc import Mapping
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any

from ikigai_core.api import datasets
from ikigai_core.api.answers import Record as WireRecord
from ikigai_core.components.dataset_record import ColumnDataType, DatasetLog, DatasetRecord
from ikigai_core.components.directory import Directory, place
from ikigai_core.procedure import Procedure, call_blocking, send, send_removal
from ikigai_core.sync_async import AsyncFace, SyncFace, edit, operation
from ikigai_core.transfer.download import download, download_into, download_to
from ikigai_core.transfer.progress import OnProgress
from ikigai_core.transfer.resume import Journal
from ikigai_core.transfer.scratch import QuickFile, scratch_file
from ikigai_core.transfer.source import (
    Staged,
    source_of,
)
from ikigai_core.transfer.upload import upload
from ikigai_core.validation import check_flag, check_name

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from ikigai_core.transfer.reading import Batches

__all__ = [
    "AsyncDataset",
    "ColumnDataType",
    "Dataset",
    "DatasetLog",
    "DatasetRecord",
    "journal_of",
]


class _DatasetProcedures:
    """Operations of a dataset."""

    if TYPE_CHECKING:
        app_id: str
        dataset_id: str
        name: str
        agent_access: bool
        _client: Any

    @operation
    def df(self, /, *, on_progress: OnProgress = None, **options: Any) -> Procedure[pd.DataFrame]:
        """Download the data as a pandas DataFrame.

        Parameters
        ----------
        on_progress : callable or bool, optional
            Called with a `Progress` at intervals, from the thread that transfers the data. By default, a bar is
            shown only in a terminal or notebook. True always shows it, False never.
        **options
            Passed to `pandas.read_csv`.

        Raises
        ------
        DownloadError
        """
        # Importing pandas often takes longer than the download, so do both at the same time.
        Thread(target=_load_pandas, daemon=True).start()
        with QuickFile() as file:
            yield from download_into(self.app_id, self.dataset_id, self.name, file.place, on_progress)
            return (yield from call_blocking(lambda: _read_csv(file.path, options)))

    @operation
    def arrow(
        self, *, on_progress: OnProgress = None, column_types: Mapping[str, pa.DataType] | None = None
    ) -> Procedure[pa.Table]:
        """Download the data as an Arrow table. Empty values are null.

        Parameters
        ----------
        on_progress : callable or bool, optional
            As for `df`.
        column_types : mapping of str to pyarrow.DataType, optional
            Types of columns. By default, they are inferred from the values: ``01`` is a number then.

        Raises
        ------
        DownloadError
        """
        from ikigai_core.transfer.reading import read_table

        with QuickFile() as file:
            yield from download_into(self.app_id, self.dataset_id, self.name, file.place, on_progress)
            return (yield from call_blocking(lambda: read_table(file.path, column_types)))

    @operation
    def batches(self, *, on_progress: OnProgress = None) -> Procedure[Batches]:
        """Download the data, and read it batch by batch. The memory needed does not depend on the size of the data.

        Returns
        -------
        Batches
            Iterate over it with ``for`` or ``async for``: each batch is a `pyarrow.RecordBatch`.

        Raises
        ------
        DownloadError
        """
        from ikigai_core.transfer.reading import Batches

        with scratch_file(".csv") as path:
            yield from download(self.app_id, self.dataset_id, self.name, path, on_progress)
            return (yield from call_blocking(lambda: Batches(path, keep=False)))

    @operation
    def to_csv(self, path: Path | str, *, on_progress: OnProgress = None) -> Procedure[Path | str]:
        """Download the data into a CSV file. The file appears only when it is complete.

        Parameters
        ----------
        path : Path or str
            A path, or a URL that fsspec writes to.
        on_progress : callable or bool, optional
            See `df`.

        Raises
        ------
        DownloadError
        """
        return (yield from download_to(self.app_id, self.dataset_id, self.name, path, None, on_progress))

    @operation
    def to_parquet(self, path: Path | str, *, on_progress: OnProgress = None) -> Procedure[Path | str]:
        """Download the data into a Parquet file. The file appears only when it is complete.

        Each column gets the narrowest type that holds all its values.

        Parameters
        ----------
        path : Path or str
            A path, or a URL that fsspec writes to.
        on_progress : callable or bool, optional
            See `df`.

        Raises
        ------
        DownloadError
        """
        from ikigai_core.transfer.reading import write_parquet

        return (yield from download_to(self.app_id, self.dataset_id, self.name, path, write_parquet, on_progress))

    @edit
    def edit_data(self, data: Any, *, on_progress: OnProgress = None, resume: bool = True) -> Procedure[None]:
        """Replace the data.

        Parameters
        ----------
        data : DataFrame, Arrow stream, Path or str
            A pandas frame, any object with the Arrow stream interface, or the path or URL of a CSV or Parquet file.
        on_progress : callable or bool, optional
            See `df`.
        resume : bool, default True
            Resume an upload of this dataset that a killed process began; see `DatasetBuilder.build`.

        Raises
        ------
        InvalidInputError
            The file does not exist or is empty. Nothing was sent.
        UploadError
        """
        staged = Staged(source_of(data))
        journal = journal_of(self._client, self.app_id, self.name, resume)
        try:
            path = yield from call_blocking(staged.open)
            yield from call_blocking(journal.open)
            yield from upload(self.app_id, self.dataset_id, self.name, path, journal=journal, on_progress=on_progress)
        finally:
            staged.close()
            journal.close()

    @operation
    def logs(self, max_count: int = 1) -> Procedure[list[DatasetLog]]:
        """The outcomes of the dataset's newest uploads and other jobs, newest first.

        Parameters
        ----------
        max_count : int, default 1
        """
        entries = yield from send(datasets.log(self.app_id, self.dataset_id, max_count))
        return [DatasetLog.read(entry) for entry in entries]

    @operation
    def describe(self) -> Procedure[WireRecord]:
        """Fetch the platform's full record of the dataset, as plain values with the platform's names."""
        return (yield from send(datasets.fetch(self.app_id, self.dataset_id)))

    @edit
    def rename(self, name: str) -> Procedure[None]:
        """Rename the dataset."""
        check_name(name, "dataset")
        yield from send(datasets.edit(self.app_id, self.dataset_id, name=name))
        self.name = name

    @edit
    def move(self, directory: Directory) -> Procedure[None]:
        """Put the dataset into a directory."""
        yield from send(datasets.edit(self.app_id, self.dataset_id, directory=place(directory)))

    @edit
    def update_agent_access(self, agent_access: bool) -> Procedure[None]:
        """Allow or forbid the platform's agents to use the dataset."""
        check_flag(agent_access, "agent_access")
        yield from send(datasets.edit(self.app_id, self.dataset_id, agent_access=agent_access))
        self.agent_access = agent_access

    @operation
    def delete(self) -> Procedure[None]:
        """Delete the dataset and its data."""
        yield from send_removal(datasets.delete(self.app_id, self.dataset_id))


class Dataset(DatasetRecord, SyncFace, _DatasetProcedures):
    """A dataset of an app."""


class AsyncDataset(DatasetRecord, AsyncFace, _DatasetProcedures):
    """A dataset of an app; its operations are awaited."""


def journal_of(client: Any, app_id: str, name: str, resume: bool) -> Journal:
    """The journal of uploads to a dataset, by the dataset's name. Unless `resume` is set, it stores nothing."""
    return Journal.of(client.base_url, client.user_email, app_id, name, wanted=resume)


def _load_pandas() -> None:
    # If the import fails, the later use of pandas reports the error.
    with contextlib.suppress(ImportError):
        importlib.import_module("pandas")


def _read_csv(path: Path, options: dict[str, Any]) -> pd.DataFrame:
    import pandas as pd

    frame: pd.DataFrame = pd.read_csv(path, **options)
    return frame
