"""What a task learns of the datasets that it read or wrote, for asset events and lineage."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
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


def facts_of(
    app: App, names: Iterable[str], ids: Iterable[str] = (), *, count_up_to: float = 0
) -> tuple[list[DatasetFacts], list[DatasetFacts]]:
    """What the platform tells of datasets in an app, with one request for all of them.

    Parameters
    ----------
    app : App
    names : iterable of str
        Of those that were written; of namesakes the one that was changed last.
    ids : iterable of str
        Of those that were read.
    count_up_to : float, default 0
        For those that were written; see `DatasetFacts.of`.

    Returns
    -------
    (list of DatasetFacts, list of DatasetFacts)
        What was written, and what was read.
    """
    known: list[Dataset] = sorted(app.datasets().values(), key=lambda dataset: dataset.modified_at)
    by_name = {dataset.name: dataset for dataset in known}
    by_id = {dataset.dataset_id: dataset for dataset in known}
    written = [DatasetFacts.of(app, by_name[name], count_up_to=count_up_to) for name in names if name in by_name]
    return written, [DatasetFacts.of(app, by_id[read]) for read in ids if read in by_id]


def _rows(dataset: Dataset) -> int:
    with dataset.batches(on_progress=False) as batches:
        return sum(batch.num_rows for batch in batches)
