"""Datasets: tables that the platform keeps."""

from __future__ import annotations

import filecmp
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from pydantic import BaseModel, Field

from ikigai_core.api import datasets
from ikigai_core.api.answers import Record as WireRecord
from ikigai_core.components.component import Component, printed
from ikigai_core.components.directory import Directory, reference
from ikigai_core.components.kinds import datasets_of, find_only
from ikigai_core.enums import DatasetDataType
from ikigai_core.errors import IkigaiError, InvalidInput
from ikigai_core.faces import AsyncFace, SyncFace, edit, operation
from ikigai_core.procedure import Procedure, ask, work
from ikigai_core.transfer.download import download
from ikigai_core.transfer.source import CsvFile, Frame, Source, scratch_file, source_of
from ikigai_core.transfer.upload import upload

if TYPE_CHECKING:
    import pandas as pd


class ColumnDataType(BaseModel):
    """Type of a column, and how its values are written.

    Attributes
    ----------
    data_type : DatasetDataType
    data_formats : dict of str to str
        Such as ``{"numeric_format": "INTEGER"}``.
    """

    data_type: DatasetDataType
    data_formats: dict[str, str] = {}


class DatasetRecord(Component):
    """What the platform tells of a dataset.

    Attributes
    ----------
    app_id, dataset_id, name, filename, file_extension : str
    data_types : dict of str to ColumnDataType
        By column.
    size : int
        Bytes of the data as CSV.
    agent_access : bool
    created_at, modified_at : datetime
        With time zone.
    """

    app_id: str = Field(validation_alias="project_id")
    dataset_id: str
    name: str
    filename: str = ""
    file_extension: str = ""
    data_types: dict[str, ColumnDataType] = Field(default_factory=dict)
    size: int = 0
    agent_access: bool = Field(default=False, repr=False, exclude=True)
    created_at: datetime
    modified_at: datetime

    def __repr__(self) -> str:
        return printed(self)

    __str__ = __repr__


class _DatasetText:
    """What a dataset can do."""

    if TYPE_CHECKING:
        app_id: str
        dataset_id: str
        name: str
        agent_access: bool
        _client: Any

    @operation
    def df(self, /, **options: Any) -> Procedure[pd.DataFrame]:
        """Download the data as a pandas DataFrame.

        Parameters
        ----------
        **options
            As for `pandas.read_csv`.

        Raises
        ------
        DownloadFailed
        """
        with scratch_file(".csv") as path:
            yield from download(self.app_id, self.dataset_id, self.name, path)
            return (yield from work(lambda: _read_csv(path, options)))

    @operation
    def to_csv(self, path: Path | str) -> Procedure[Path]:
        """Download the data into a CSV file, which appears complete or not at all.

        Raises
        ------
        DownloadFailed
        """
        return (yield from download(self.app_id, self.dataset_id, self.name, Path(path)))

    @edit
    def edit_data(self, data: pd.DataFrame | Path | str) -> Procedure[None]:
        """Replace the data with a frame, or with the CSV file of that path.

        Raises
        ------
        InvalidInput
            The file is missing, or there is nothing in it. Nothing was sent.
        UploadFailed
        """
        yield from _send(source_of(data), self.app_id, self.dataset_id, self.name, is_new=False)

    @operation
    def describe(self) -> Procedure[WireRecord]:
        """All that the platform tells of the dataset, as plain values in the platform's own words."""
        return (yield from ask(datasets.fetch(self.app_id, self.dataset_id)))

    @edit
    def rename(self, name: str) -> Procedure[None]:
        """Give the dataset another name."""
        yield from ask(datasets.edit(self.app_id, self.dataset_id, name=name))
        self.name = name

    @edit
    def move(self, directory: Directory) -> Procedure[None]:
        """Put the dataset into a directory."""
        yield from ask(datasets.edit(self.app_id, self.dataset_id, directory=directory.to_dict()))

    @edit
    def update_agent_access(self, agent_access: bool) -> Procedure[None]:
        """Allow or forbid the platform's agents to use the dataset."""
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


class _DatasetBuilderText(Generic[D]):
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
        """Take the data from a CSV file. Raises `InvalidInput` where it is missing or empty."""
        self._source = CsvFile(file)
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
    def build(self) -> Procedure[D]:
        """Create the dataset and upload its data. If the upload fails, the dataset is deleted again.

        Raises
        ------
        InvalidInput
            No name or no data was given. Nothing was sent.
        UploadFailed
        """
        return (yield from self._create(self._checked_source()))

    @operation
    def ensure(self) -> Procedure[D]:
        """Create the dataset, or replace its data where they differ.

        The dataset's ``changes`` then say ``("created",)``, ``("data",)`` or, where all was so already, ``()``.

        Raises
        ------
        Ambiguous
            Several datasets of the app have the name.
        """
        source = self._checked_source()
        record = yield from find_only(datasets_of(self._app_id, self._app_name), self._name)
        if record is None:
            return (yield from self._create(source))
        dataset = self._component.bind(record, self._client)
        if (yield from _holds(dataset, source)):
            return dataset
        yield from _send(source, self._app_id, dataset.dataset_id, self._name, is_new=False)
        return (yield from self._fetch(dataset.dataset_id, ("data",)))

    def _checked_source(self) -> Source:
        if not self._name:
            raise InvalidInput("The dataset has no name: begin with .new(name).")
        if self._source is None:
            raise InvalidInput(f"Dataset {self._name!r} is empty: give its data with .df(frame) or .csv(path).")
        return self._source

    def _create(self, source: Source) -> Procedure[D]:
        dataset_id = yield from ask(
            datasets.create(self._app_id, self._name, reference(self._directory), self._agent_access)
        )
        try:
            yield from _send(source, self._app_id, dataset_id, self._name, is_new=True)
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


def _send(source: Source, app_id: str, dataset_id: str, name: str, *, is_new: bool) -> Procedure[None]:
    try:
        path = yield from work(source.open)
        yield from upload(app_id, dataset_id, name, path, is_new=is_new)
    finally:
        source.close()


def _holds(dataset: DatasetRecord, source: Source) -> Procedure[bool]:
    """Whether the platform's data are the source's, byte for byte; only same sizes are worth the download."""
    try:
        path = yield from work(source.open)
        if (yield from work(lambda: path.stat().st_size)) != dataset.size:
            return False
        with scratch_file(".csv") as remote:
            yield from download(dataset.app_id, dataset.dataset_id, dataset.name, remote)
            return (yield from work(lambda: filecmp.cmp(path, remote, shallow=False)))
    finally:
        source.close()


def _forget(app_id: str, dataset_id: str) -> Procedure[None]:
    try:
        yield from ask(datasets.delete(app_id, dataset_id))
    except IkigaiError:
        # Why the upload failed is what the caller needs to hear.
        return


def _read_csv(path: Path, options: dict[str, Any]) -> pd.DataFrame:
    import pandas as pd

    frame: pd.DataFrame = pd.read_csv(path, **options)
    return frame
