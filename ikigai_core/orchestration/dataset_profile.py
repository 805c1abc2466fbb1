"""What an orchestrator tells of a dataset: columns, size, and what is in it if that is not too large to fetch."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from ikigai_core.procedure import Procedure, call_blocking
from ikigai_core.transfer.download import download
from ikigai_core.transfer.scratch import scratch_file

if TYPE_CHECKING:
    from ikigai_core.components.dataset_record import DatasetRecord
    from ikigai_core.orchestration.data_profile import DataProfile

SIZE_LIMIT = 100_000_000
"""Bytes up to which a dataset is fetched, unless the caller says otherwise."""


@dataclass(frozen=True)
class DatasetProfile:
    """A dataset, as events, artifacts and metadata tell of it. All values are plain.

    Attributes
    ----------
    app_id, dataset_id, name : str
    size : int
        Bytes of the data as CSV.
    columns : dict of str to str
        The platform's type of each column: ``NUMERIC``, ``TEXT``, ``CATEGORICAL`` or ``TIME``.
    web_url : str or None
        Its page for people.
    row_count : int or None
        Rows below the header; None if they were not counted, or cannot be.
    digest : str or None
        SHA-256 of the data, in hexadecimal; None if they were not fetched.
    preview : list of dict
        The first rows, as text by column.
    empty_values : dict of str to int
        Empty values by column.
    """

    app_id: str
    dataset_id: str
    name: str
    size: int
    columns: dict[str, str]
    web_url: str | None = None
    row_count: int | None = None
    digest: str | None = None
    preview: list[dict[str, str]] = field(default_factory=list)
    empty_values: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, dataset: DatasetRecord, data: DataProfile | None = None) -> DatasetProfile:
        """What the platform tells of a dataset, and what is known of its data. Sends nothing."""
        columns = {name: column.data_type.value for name, column in dataset.data_types.items()}
        known = {} if data is None else {each: getattr(data, each) for each in data.__dataclass_fields__}
        return cls(
            dataset.app_id, dataset.dataset_id, dataset.name, dataset.size, columns, web_url=dataset.web_url, **known
        )

    def to_dict(self) -> dict[str, Any]:
        """A form that JSON takes."""
        return asdict(self)


def profile_dataset(
    dataset: DatasetRecord, *, preview_rows: int = 0, size_limit: float | None = SIZE_LIMIT
) -> Procedure[DatasetProfile]:
    """Describe a dataset: fetched once, and read once, in memory that does not grow with it.

    Parameters
    ----------
    dataset : Dataset or AsyncDataset
        As fetched after it was written.
    preview_rows : int, default 0
        How many of the first rows to keep; with 0 no data go into the orchestrator's own store.
    size_limit : float or None, default 100 MB
        Bytes. Larger datasets, and those that are not kept as CSV, are not fetched: what only their data tell stays
        None. With 0 nothing is fetched, with None everything.

    Raises
    ------
    DownloadError

    Examples
    --------
    >>> profile = ikigai.run(profile_dataset(app.datasets["flights"], preview_rows=5))  # doctest: +SKIP
    """
    is_small = size_limit is None or dataset.size <= size_limit
    if not (dataset.size and is_small and dataset.file_extension in ("", "csv")):
        return DatasetProfile.of(dataset)
    with scratch_file(".csv") as path:
        yield from download(dataset.app_id, dataset.dataset_id, dataset.name, path, False)
        data = yield from call_blocking(partial(_profile_file, path, preview_rows))
    return DatasetProfile.of(dataset, data)


def _profile_file(path: Any, preview_rows: int) -> DataProfile:
    # Loading Arrow takes a while, in which an event loop goes on.
    from ikigai_core.orchestration.data_profile import DataProfile

    return DataProfile.of_file(path, preview_rows=preview_rows)
