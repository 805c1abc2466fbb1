"""Builders of datasets. They upload the data, or only the parts that changed."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from ikigai_core.api import datasets
from ikigai_core.api.answers import Record as WireRecord
from ikigai_core.api.answers import whole_number
from ikigai_core.api.call import Call
from ikigai_core.catalog.creating import create, ids_of
from ikigai_core.catalog.kinds import datasets_of
from ikigai_core.components.builder import Builder
from ikigai_core.components.dataset_record import DatasetRecord
from ikigai_core.components.directory import Directory, reference
from ikigai_core.components.ensuring import ensure_only
from ikigai_core.errors import BadRequestError, IkigaiError, InvalidInputError, NotFoundError
from ikigai_core.procedure import Procedure, call_blocking, send, send_removal
from ikigai_core.sync_async import AsyncFace, SyncFace, operation
from ikigai_core.transfer.download import holds
from ikigai_core.transfer.progress import OnProgress
from ikigai_core.transfer.resume import Interrupted, Journal
from ikigai_core.transfer.source import (
    ArrowStream,
    CsvFile,
    Frame,
    ParquetFile,
    Source,
    Staged,
    source_of,
)
from ikigai_core.transfer.upload import LOG_DEPTH, stays_for_later, upload
from ikigai_core.validation import check_new_name

if TYPE_CHECKING:
    import pandas as pd

from ikigai_core.components.dataset import AsyncDataset, Dataset, journal_of

D = TypeVar("D", bound=DatasetRecord)


class _DatasetBuilderProcedures(Builder, Generic[D]):
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
        """Set the dataset's name."""
        self._name = name
        return self

    def df(self, data: pd.DataFrame) -> Self:
        """Take the data from a frame, without its index. Raises `InvalidInputError` if it is empty."""
        self._source = Frame(data)
        return self

    def csv(self, file: Path | str) -> Self:
        """Take the data from a CSV file, a path or URL. Raises `InvalidInputError` if it is missing or empty."""
        self._source = CsvFile(file)
        return self

    def parquet(self, file: Path | str) -> Self:
        """Take the data from a Parquet file, a path or URL. Raises `InvalidInputError` if it is missing or empty."""
        self._source = ParquetFile(file)
        return self

    def arrow(self, data: Any) -> Self:
        """Take the data from any object with the Arrow stream interface, such as a table of pyarrow, polars or DuckDB.

        The stream is read when the dataset is built. Raises `InvalidInputError` if the object has no such interface.
        """
        self._source = ArrowStream(data)
        return self

    def data(self, data: Any) -> Self:
        """Take the data from a frame, an Arrow stream, or the path or URL of a CSV or Parquet file."""
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

        If an earlier process was killed during the upload, its dataset is reused. Parts that have arrived and have not
        changed are not sent again.

        Parameters
        ----------
        on_progress : callable or bool, optional
            Called with a `Progress` at intervals, from the thread that transfers the data. By default, a bar is
            shown only in a terminal or notebook. True always shows it, False never.
        resume : bool, default True
            Resume the upload of a killed process. For a later process, keep the necessary data (the signed URLs of the
            parts) in a file of the user's cache folder during the upload. ``IKIGAI_RESUME_UPLOADS=off`` disables this
            everywhere.

        Raises
        ------
        InvalidInputError
            The name or the data is missing. Nothing was sent.
        UploadError
        """
        staged = Staged(self._checked_source())
        journal = journal_of(self._client, self._app_id, self._name, resume)
        try:
            path = yield from call_blocking(staged.open)
            yield from call_blocking(journal.open)
            size = yield from call_blocking(lambda: path.stat().st_size)
            dataset_id = yield from _taken_over(self._app_id, journal.left, self._created, size)
            if dataset_id is None:
                kind = datasets_of(self._app_id, self._app_name)
                before = yield from ids_of(kind, self._name)
                dataset_id = yield from create(kind, self._name, self._creation(), before)
            yield from self._fill(dataset_id, path, journal, on_progress)
            return (yield from self._fetch(dataset_id, ("created",)))
        finally:
            staged.close()
            journal.close()

    @operation
    def ensure(self, *, on_progress: OnProgress = None, resume: bool = True) -> Procedure[D]:
        """Create the dataset if it does not exist. Otherwise replace its data if they differ.

        The dataset's ``changes`` are ``("created",)``, ``("data",)``, or ``()`` if nothing changed.

        Parameters
        ----------
        on_progress : callable or bool, optional
        resume : bool, default True
            See `build`.

        Raises
        ------
        AmbiguousError
            Several datasets of the app have the name.
        """
        staged = Staged(self._checked_source())
        journal = journal_of(self._client, self._app_id, self._name, resume)
        try:
            path = yield from call_blocking(staged.open)
            yield from call_blocking(journal.open)
            kind = datasets_of(self._app_id, self._app_name)
            found = yield from ensure_only(kind, self._name, self._creation())
            if found.is_own:
                yield from self._fill(found.component_id, path, journal, on_progress)
                return (yield from self._fetch(found.component_id, found.changes))
            dataset = self._component.bind(found.record, self._client, found.changes)
            if (yield from holds(self._app_id, dataset.dataset_id, self._name, dataset.size, path, on_progress)):
                return dataset
            yield from upload(
                self._app_id, dataset.dataset_id, self._name, path, journal=journal, on_progress=on_progress
            )
            return (yield from self._fetch(dataset.dataset_id, found.changes or ("data",)))
        finally:
            staged.close()
            journal.close()

    def _checked_source(self) -> Source:
        check_new_name(self._name, "dataset")
        if self._source is None:
            raise InvalidInputError(
                f"Dataset {self._name!r} is empty: give its data with .df(frame), .csv(path), .parquet(path) or "
                ".arrow(table)."
            )
        return self._source

    @property
    def _created(self) -> WireRecord:
        """The fields of a new dataset, except its name."""
        return {"directory": reference(self._directory), "agent_access": self._agent_access}

    def _creation(self) -> Call[str]:
        return datasets.create(self._app_id, self._name, **self._created)

    def _fill(self, dataset_id: str, path: Path, journal: Journal, on_progress: OnProgress) -> Procedure[None]:
        """Upload the first data of a dataset that this call created. If that fails, delete the dataset again."""
        created = self._created
        try:
            yield from upload(
                self._app_id, dataset_id, self._name, path, journal=journal, created=created, on_progress=on_progress
            )
        except GeneratorExit:
            raise
        except BaseException as error:
            if not stays_for_later(error, journal):
                yield from _forget(self._app_id, dataset_id)
            raise

    def _fetch(self, dataset_id: str, changes: tuple[str, ...]) -> Procedure[D]:
        record = yield from send(datasets.fetch(self._app_id, dataset_id))
        return self._component.bind(record, self._client, changes)


class DatasetBuilder(SyncFace, _DatasetBuilderProcedures[Dataset]):
    """Builds a dataset: ``app.dataset.new(name).csv(path).build()``."""


class AsyncDatasetBuilder(AsyncFace, _DatasetBuilderProcedures[AsyncDataset]):
    """Builds a dataset: ``await app.dataset.new(name).csv(path).build()``."""


def _taken_over(app_id: str, left: Interrupted | None, created: WireRecord, size: int) -> Procedure[str | None]:
    """The dataset that a killed process created for the same upload. One created for a different upload is deleted."""
    if left is None or left.created is None:
        return None
    try:
        record = yield from send(datasets.fetch(app_id, left.dataset_id))
    except (NotFoundError, BadRequestError):
        return None
    if left.created == created and left.size == size:
        return left.dataset_id
    if not whole_number(record, "size"):
        yield from _forget(app_id, left.dataset_id)
    return None


def _forget(app_id: str, dataset_id: str) -> Procedure[None]:
    """Delete a dataset without data. Keep it if others have found it by its name and uploaded data to it."""
    try:
        log = yield from send(datasets.log(app_id, dataset_id, LOG_DEPTH))
        if all(entry.get("status") != "SUCCESS" for entry in log):
            yield from send_removal(datasets.delete(app_id, dataset_id))
    except IkigaiError:
        # The caller needs the error of the upload, not this one.
        return
