"""What a task learns of the datasets that it read or wrote, for asset events and lineage."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ikigai_core import App, Dataset


@dataclass(frozen=True)
class DatasetFacts:
    """A dataset, as events tell of it.

    Attributes
    ----------
    app, name, dataset_id : str
        The app's and the dataset's name, and the dataset's id.
    size : int
        Bytes.
    columns : dict of str to str
        The platform's types by column.
    rows : int or None
        Rows below the header; None where they were not counted.
    """

    app: str
    name: str
    dataset_id: str
    size: int
    columns: dict[str, str] = field(default_factory=dict)
    rows: int | None = None

    @classmethod
    def of(cls, app: App, dataset: Dataset, *, count_up_to: float = 0) -> DatasetFacts:
        """What the platform tells of a dataset, and its rows.

        Parameters
        ----------
        app : App
            The dataset's.
        dataset : Dataset
            As fetched after it was written.
        count_up_to : float, default 0
            Size in bytes up to which the data are fetched for counting rows: the platform does not tell them.
        """
        columns = {name: str(column.data_type) for name, column in dataset.data_types.items()}
        rows = _rows(dataset) if 0 < dataset.size <= count_up_to else None
        return cls(app.name, dataset.name, dataset.dataset_id, dataset.size, columns, rows)

    def to_extra(self) -> dict[str, Any]:
        """As an asset event's extra."""
        counted = {} if self.rows is None else {"row_count": self.rows}
        return {"dataset_id": self.dataset_id, "size_bytes": self.size, **counted}


def written_by(
    app: App, names: Iterable[str], since: datetime | None, *, count_up_to: float = 0
) -> tuple[list[DatasetFacts], list[str]]:
    """Which datasets of these names were written, and what the platform tells of them; one request for each.

    Parameters
    ----------
    app : App
    names : iterable of str
        Of those that a run was to write; of namesakes the one that was changed last counts.
    since : datetime or None
        What was changed earlier was not written; None takes all that are there.
    count_up_to : float, default 0
        See `DatasetFacts.of`.

    Returns
    -------
    (list of DatasetFacts, list of str)
        What was written, and the names of those that were not.
    """
    written, missing = [], []
    for name in names:
        newest = _newest(app, name)
        if newest is None or (since is not None and newest.modified_at < since):
            missing.append(name)
        else:
            written.append(DatasetFacts.of(app, newest, count_up_to=count_up_to))
    return written, missing


def read_by(app: App, ids: Iterable[str]) -> list[DatasetFacts]:
    """What the platform tells of datasets that were read, by their ids; one request for all of them."""
    wanted = list(ids)
    known = app.datasets().values() if wanted else ()
    by_id = {dataset.dataset_id: dataset for dataset in known}
    return [DatasetFacts.of(app, by_id[read]) for read in wanted if read in by_id]


def _newest(app: App, name: str) -> Dataset | None:
    found: list[Dataset] = [dataset for dataset in app.datasets.search(name).values() if dataset.name == name]
    return max(found, key=lambda dataset: dataset.modified_at, default=None)


def _rows(dataset: Dataset) -> int:
    with dataset.batches(on_progress=False) as batches:
        return sum(batch.num_rows for batch in batches)
