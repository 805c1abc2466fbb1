"""Profile of a dataset for an orchestrator: its columns, its size, and its contents if they are small enough."""

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
"""Default maximum size in bytes of a dataset that is fetched."""


@dataclass(frozen=True)
class DatasetProfile:
    """Profile of a dataset for events, artifacts and metadata. All values are plain.

    Attributes
    ----------
    app_id, dataset_id, name : str
    size : int
        Size of the data as CSV, in bytes.
    columns : dict of str to str
        The platform's type of each column: ``NUMERIC``, ``TEXT``, ``CATEGORICAL`` or ``TIME``.
    web_url : str or None
        Address of its page for people.
    row_count : int or None
        Rows without the header; None if they were not counted, or cannot be counted.
    digest : str or None
        SHA-256 of the data, in hexadecimal; None if they were not fetched.
    preview : list of dict
        The first rows, as strings by column.
    empty_values : dict of str to int
        Number of empty values by column.
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
        """Combine a dataset's record with the profile of its data. Sends nothing."""
        columns = {name: column.data_type.value for name, column in dataset.data_types.items()}
        known = {} if data is None else {each: getattr(data, each) for each in data.__dataclass_fields__}
        return cls(
            dataset.app_id, dataset.dataset_id, dataset.name, dataset.size, columns, web_url=dataset.web_url, **known
        )

    def to_dict(self) -> dict[str, Any]:
        """A dict that can be stored as JSON."""
        return asdict(self)


def profile_dataset(
    dataset: DatasetRecord, *, preview_rows: int = 0, size_limit: float | None = SIZE_LIMIT
) -> Procedure[DatasetProfile]:
    """Describe a dataset. Its data are fetched and read once, with constant memory.

    Parameters
    ----------
    dataset : Dataset or AsyncDataset
        Fetched after it was written.
    preview_rows : int, default 0
        Number of first rows to keep. With 0, no data enter the orchestrator's own store.
    size_limit : float or None, default 100 MB
        Bytes. Larger datasets, and those that are not stored as CSV, are not fetched: the fields that depend on their
        data stay None. With 0 nothing is fetched, with None everything.

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
    # Importing Arrow takes a while. Meanwhile an event loop continues.
    from ikigai_core.orchestration.data_profile import DataProfile

    return DataProfile.of_file(path, preview_rows=preview_rows)
