"""Datasets: tables that the platform keeps."""

from __future__ import annotations

import contextlib
import importlib
from pathlib import Path
from threading import Thread
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from ikigai_core.api import datasets
from ikigai_core.api.answers import Record as WireRecord
from ikigai_core.components.builder import Builder
from ikigai_core.components.creating import create
from ikigai_core.components.dataset_record import ColumnDataType, DatasetLog, DatasetRecord
from ikigai_core.components.directory import Directory, place, reference
from ikigai_core.components.finding import find_only
from ikigai_core.components.kinds import datasets_of
from ikigai_core.errors import BadRequest, IkigaiError, InvalidInput, NotFound
from ikigai_core.faces import AsyncFace, SyncFace, edit, operation
from ikigai_core.given import check_flag, check_name, check_new_name
from ikigai_core.procedure import Procedure, ask, work
from ikigai_core.transfer.download import download, download_into, download_to, holds
from ikigai_core.transfer.journal import Interrupted, Journal
from ikigai_core.transfer.progress import OnProgress
from ikigai_core.transfer.scratch import QuickFile, scratch_file
from ikigai_core.transfer.source import (
    ArrowStream,
    CsvFile,
    Frame,
    ParquetFile,
    Source,
    Staged,
    source_of,
)
from ikigai_core.transfer.upload import upload

if TYPE_CHECKING:
    import pandas as pd
    import pyarrow as pa

    from ikigai_core.transfer.reading import Batches

__all__ = [
    "AsyncDataset",
    "AsyncDatasetBuilder",
    "ColumnDataType",
    "Dataset",
    "DatasetBuilder",
    "DatasetLog",
    "DatasetRecord",
]


class _DatasetText:
    """What a dataset can do."""

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
            Is called with a `Progress` now and then, from the thread that moves the bytes. By default a bar is drawn in
            a terminal or notebook, and nowhere else; True draws it always, False never.
        **options
            As for `pandas.read_csv`.

        Raises
        ------
        DownloadFailed
        """
        # Loading pandas takes longer than many a download: it need not wait for that.
        Thread(target=_load_pandas, daemon=True).start()
        with QuickFile() as file:
            yield from download_into(self.app_id, self.dataset_id, self.name, file.place, on_progress)
            return (yield from work(lambda: _read_csv(file.path, options)))

    @operation
    def arrow(self, *, on_progress: OnProgress = None) -> Procedure[pa.Table]:
        """Download the data as an Arrow table, in which empty values are null.

        Raises
        ------
        DownloadFailed
        """
        from ikigai_core.transfer.reading import read_table

        with QuickFile() as file:
            yield from download_into(self.app_id, self.dataset_id, self.name, file.place, on_progress)
            return (yield from work(lambda: read_table(file.path)))

    @operation
    def batches(self, *, on_progress: OnProgress = None) -> Procedure[Batches]:
        """Download the data, and read them batch by batch: memory does not grow with them.

        Returns
        -------
        Batches
            Iterate over it, with ``for`` or ``async for``: each batch is a `pyarrow.RecordBatch`.

        Raises
        ------
        DownloadFailed
        """
        from ikigai_core.transfer.reading import Batches

        with scratch_file(".csv") as path:
            yield from download(self.app_id, self.dataset_id, self.name, path, on_progress)
            return (yield from work(lambda: Batches(path, keep=False)))

    @operation
    def to_csv(self, path: Path | str, *, on_progress: OnProgress = None) -> Procedure[Path | str]:
        """Download the data into a CSV file, which appears complete or not at all.

        Parameters
        ----------
        path : Path or str
            A path, or a URL that fsspec writes to.
        on_progress : callable or bool, optional
            See `df`.

        Raises
        ------
        DownloadFailed
        """
        return (yield from download_to(self.app_id, self.dataset_id, self.name, path, None, on_progress))

    @operation
    def to_parquet(self, path: Path | str, *, on_progress: OnProgress = None) -> Procedure[Path | str]:
        """Download the data into a Parquet file, which appears complete or not at all.

        The columns get the narrowest types that hold all of their values.

        Parameters
        ----------
        path : Path or str
            A path, or a URL that fsspec writes to.
        on_progress : callable or bool, optional
            See `df`.

        Raises
        ------
        DownloadFailed
        """
        from ikigai_core.transfer.reading import write_parquet

        return (yield from download_to(self.app_id, self.dataset_id, self.name, path, write_parquet, on_progress))

    @edit
    def edit_data(self, data: Any, *, on_progress: OnProgress = None, resume: bool = True) -> Procedure[None]:
        """Replace the data.

        Parameters
        ----------
        data : DataFrame, Arrow stream, Path or str
            A pandas frame; anything with the Arrow stream interface; or the path or URL of a CSV or Parquet file.
        on_progress : callable or bool, optional
            See `df`.
        resume : bool, default True
            Go on with an upload of the dataset that a killed process began; see `DatasetBuilder.build`.

        Raises
        ------
        InvalidInput
            The file is missing, or there is nothing in it. Nothing was sent.
        UploadFailed
        """
        staged = Staged(source_of(data))
        journal = _journal_of(self._client, self.app_id, self.name, resume)
        try:
            path = yield from work(staged.open)
            yield from work(journal.open)
            yield from upload(self.app_id, self.dataset_id, self.name, path, journal=journal, on_progress=on_progress)
        finally:
            staged.close()
            journal.close()

    @operation
    def logs(self, max_count: int = 1) -> Procedure[list[DatasetLog]]:
        """What became of the dataset's newest uploads and other jobs, newest first.

        Parameters
        ----------
        max_count : int, default 1
        """
        entries = yield from ask(datasets.log(self.app_id, self.dataset_id, max_count))
        return [DatasetLog.read(entry) for entry in entries]

    @operation
    def describe(self) -> Procedure[WireRecord]:
        """All that the platform tells of the dataset, as plain values in the platform's own words."""
        return (yield from ask(datasets.fetch(self.app_id, self.dataset_id)))

    @edit
    def rename(self, name: str) -> Procedure[None]:
        """Give the dataset another name."""
        check_name(name, "dataset")
        yield from ask(datasets.edit(self.app_id, self.dataset_id, name=name))
        self.name = name

    @edit
    def move(self, directory: Directory) -> Procedure[None]:
        """Put the dataset into a directory."""
        yield from ask(datasets.edit(self.app_id, self.dataset_id, directory=place(directory)))

    @edit
    def update_agent_access(self, agent_access: bool) -> Procedure[None]:
        """Allow or forbid the platform's agents to use the dataset."""
        check_flag(agent_access, "agent_access")
        yield from ask(datasets.edit(self.app_id, self.dataset_id, agent_access=agent_access))
        self.agent_access = agent_access

    @operation
    def delete(self) -> Procedure[None]:
        """Delete the dataset and its data."""
        yield from ask(datasets.delete(self.app_id, self.dataset_id))


class Dataset(DatasetRecord, SyncFace, _DatasetText):
    """A dataset of an app."""


class AsyncDataset(DatasetRecord, AsyncFace, _DatasetText):
    """A dataset of an app; its operations are awaited."""


D = TypeVar("D", bound=DatasetRecord)


class _DatasetBuilderText(Builder, Generic[D]):
    def __init__(self, client: Any, app_id: str, app_name: str, component: type[D]) -> None:
        self._client = client
        self._app_id = app_id
        self._app_name = app_name
        self._component = component
        self._name = ""
        self._source: Source | None = None
        self._directory: Directory | None = None
        self._agent_access: bool | None = None

    def new(self, name: str) -> Self:
        """Name the dataset."""
        self._name = name
        return self

    def df(self, data: pd.DataFrame) -> Self:
        """Take the data from a frame; its index is left out. Raises `InvalidInput` where it is empty."""
        self._source = Frame(data)
        return self

    def csv(self, file: Path | str) -> Self:
        """Take the data from a CSV file, a path or URL. Raises `InvalidInput` where it is missing or empty."""
        self._source = CsvFile(file)
        return self

    def parquet(self, file: Path | str) -> Self:
        """Take the data from a Parquet file, a path or URL. Raises `InvalidInput` where it is missing or empty."""
        self._source = ParquetFile(file)
        return self

    def arrow(self, data: Any) -> Self:
        """Take the data from anything with the Arrow stream interface, such as a table of pyarrow, polars or DuckDB.

        It is read when the dataset is built. Raises `InvalidInput` where it is no such thing.
        """
        self._source = ArrowStream(data)
        return self

    def data(self, data: Any) -> Self:
        """Take the data from what holds them: a frame, an Arrow stream, the path or URL of a CSV or Parquet file."""
        self._source = source_of(data)
        return self

    def directory(self, directory: Directory) -> Self:
        """Put the dataset into a directory."""
        self._directory = directory
        return self

    def agent_access(self, agent_access: bool) -> Self:
        """Allow or forbid the platform's agents to use the dataset."""
        self._agent_access = agent_access
        return self

    @operation
    def build(self, *, on_progress: OnProgress = None, resume: bool = True) -> Procedure[D]:
        """Create the dataset and upload its data. If the upload fails, the dataset is deleted again.

        Where an earlier process was killed in the middle of this, its dataset is taken over, and parts that have
        arrived and have not changed are not sent again.

        Parameters
        ----------
        on_progress : callable or bool, optional
            Is called with a `Progress` now and then, from the thread that moves the bytes. By default a bar is drawn in
            a terminal or notebook, and nowhere else; True draws it always, False never.
        resume : bool, default True
            Go on with what a killed process began, and keep what a later one needs for that, the signed URLs of the
            parts, in a file of the user's cache folder while the upload lasts. ``IKIGAI_RESUME_UPLOADS=off`` switches
            it off everywhere.

        Raises
        ------
        InvalidInput
            No name or no data was given. Nothing was sent.
        UploadFailed
        """
        staged = Staged(self._checked_source())
        journal = _journal_of(self._client, self._app_id, self._name, resume)
        try:
            path = yield from work(staged.open)
            yield from work(journal.open)
            return (yield from self._create(path, journal, on_progress))
        finally:
            staged.close()
            journal.close()

    @operation
    def ensure(self, *, on_progress: OnProgress = None, resume: bool = True) -> Procedure[D]:
        """Create the dataset, or replace its data where they differ.

        The dataset's ``changes`` then say ``("created",)``, ``("data",)`` or, where all was so already, ``()``.

        Parameters
        ----------
        on_progress : callable or bool, optional
        resume : bool, default True
            See `build`.

        Raises
        ------
        Ambiguous
            Several datasets of the app have the name.
        """
        staged = Staged(self._checked_source())
        journal = _journal_of(self._client, self._app_id, self._name, resume)
        try:
            path = yield from work(staged.open)
            yield from work(journal.open)
            record = yield from find_only(datasets_of(self._app_id, self._app_name), self._name)
            if record is None:
                return (yield from self._create(path, journal, on_progress, is_first=True))
            dataset = self._component.bind(record, self._client)
            if (yield from holds(self._app_id, dataset.dataset_id, self._name, dataset.size, path, on_progress)):
                return dataset
            yield from upload(
                self._app_id, dataset.dataset_id, self._name, path, journal=journal, on_progress=on_progress
            )
            return (yield from self._fetch(dataset.dataset_id, ("data",)))
        finally:
            staged.close()
            journal.close()

    def _checked_source(self) -> Source:
        check_new_name(self._name, "dataset")
        if self._source is None:
            raise InvalidInput(
                f"Dataset {self._name!r} is empty: give its data with .df(frame), .csv(path), .parquet(path) or "
                ".arrow(table)."
            )
        return self._source

    def _create(self, path: Path, journal: Journal, on_progress: OnProgress, *, is_first: bool = False) -> Procedure[D]:
        created = {"directory": reference(self._directory), "agent_access": self._agent_access}
        size = yield from work(lambda: path.stat().st_size)
        dataset_id = yield from _taken_over(self._app_id, journal.left, created, size)
        if dataset_id is None:
            call = datasets.create(self._app_id, self._name, reference(self._directory), self._agent_access)
            kind = datasets_of(self._app_id, self._app_name)
            dataset_id = yield from create(kind, self._name, call, is_first=is_first)
        try:
            yield from upload(
                self._app_id, dataset_id, self._name, path, journal=journal, created=created, on_progress=on_progress
            )
        except GeneratorExit:
            raise
        except BaseException:
            yield from _forget(self._app_id, dataset_id)
            raise
        return (yield from self._fetch(dataset_id, ("created",)))

    def _fetch(self, dataset_id: str, changes: tuple[str, ...]) -> Procedure[D]:
        record = yield from ask(datasets.fetch(self._app_id, dataset_id))
        return self._component.bind(record, self._client, changes)


class DatasetBuilder(SyncFace, _DatasetBuilderText[Dataset]):
    """Builds a dataset: ``app.dataset.new(name).csv(path).build()``."""


class AsyncDatasetBuilder(AsyncFace, _DatasetBuilderText[AsyncDataset]):
    """Builds a dataset: ``await app.dataset.new(name).csv(path).build()``."""


def _journal_of(client: Any, app_id: str, name: str, resume: bool) -> Journal:
    return Journal.of(client.base_url, client.user_email, app_id, name, wanted=resume)


def _taken_over(app_id: str, left: Interrupted | None, created: WireRecord, size: int) -> Procedure[str | None]:
    """The dataset that a killed process created for the same upload; one that it created for another is deleted."""
    if left is None or left.created is None:
        return None
    try:
        record = yield from ask(datasets.fetch(app_id, left.dataset_id))
    except (NotFound, BadRequest):
        return None
    if left.created == created and left.size == size:
        return left.dataset_id
    if not int(record.get("size") or 0):
        yield from _forget(app_id, left.dataset_id)
    return None


def _forget(app_id: str, dataset_id: str) -> Procedure[None]:
    try:
        yield from ask(datasets.delete(app_id, dataset_id))
    except IkigaiError:
        # Why the upload failed is what the caller needs to hear.
        return


def _load_pandas() -> None:
    # What is wrong with it is told where it is used.
    with contextlib.suppress(ImportError):
        importlib.import_module("pandas")


def _read_csv(path: Path, options: dict[str, Any]) -> pd.DataFrame:
    import pandas as pd

    frame: pd.DataFrame = pd.read_csv(path, **options)
    return frame
