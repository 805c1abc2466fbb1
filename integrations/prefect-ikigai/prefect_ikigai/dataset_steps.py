"""Moving data, in words that the sync and the async client both carry out."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import ikigai_core
from ikigai_core import orchestration
from ikigai_core.procedure import Procedure, call_blocking
from prefect_ikigai.artifacts import show_table
from prefect_ikigai.logs import current_logger
from prefect_ikigai.naming import artifact_key
from prefect_ikigai.owner import Owner

if TYPE_CHECKING:
    import pandas

    from ikigai_core.orchestration import AnyClient, AnyDataset
    from ikigai_core.transfer.reading import Batches

Location: TypeAlias = str | Path
Data: TypeAlias = Any
"""A CSV or Parquet file's path or URL, a pandas frame, or anything with the Arrow stream interface."""

_LONGEST_CELL = 200


@dataclass(frozen=True)
class Profile:
    """What was learnt by reading a dataset.

    Attributes
    ----------
    row_count : int
    columns : dict of str to str
        The platform's type of each column.
    rows : list of dict
        The first rows, as text by column.
    """

    row_count: int
    columns: dict[str, str]
    rows: list[dict[str, str]]


def upload(ikigai: AnyClient, app: str, dataset: str, data: Data, *, create_app: bool) -> Procedure[AnyDataset]:
    """Create a dataset, or replace its data if they differ."""
    uploaded: AnyDataset = yield from orchestration.ensure_dataset(ikigai, app, dataset, data, create_app=create_app)
    current_logger().info("Dataset %r: %s", dataset, ", ".join(uploaded.changes) or "nothing to do")
    return uploaded


def upload_summary(dataset: AnyDataset) -> dict[str, Any]:
    """What the tasks return of an upload."""
    return {
        "app_id": dataset.app_id,
        "dataset_id": dataset.dataset_id,
        "dataset": dataset.name,
        "changes": list(dataset.changes),
    }


def download(ikigai: AnyClient, app: str, dataset: str, location: Location) -> Procedure[Location]:
    """Download a dataset into a CSV or Parquet file, or to a URL."""
    target = _target(location)
    found = yield from orchestration.find_dataset(ikigai, app, dataset)
    is_parquet = str(target).lower().endswith((".parquet", ".pq"))
    write = ikigai_core.Dataset.to_parquet if is_parquet else ikigai_core.Dataset.to_csv
    yield from write.procedure(found, target)
    current_logger().info("Dataset %r is in %s", dataset, target if isinstance(target, Path) else "the URL's file")
    return target


def read(ikigai: AnyClient, app: str, dataset: str) -> Procedure[pandas.DataFrame]:
    """Download a dataset as a frame."""
    found = yield from orchestration.find_dataset(ikigai, app, dataset)
    return (yield from ikigai_core.Dataset.df.procedure(found))


def preview(ikigai: AnyClient, app: str, dataset: str, rows: int) -> Procedure[Profile]:
    """Count a dataset's rows, and show the first ones as a table."""
    found = yield from orchestration.find_dataset(ikigai, app, dataset)
    profile: Profile = yield from profile_of(found, rows)
    shown = f"The first {len(profile.rows)} of {profile.row_count} rows of dataset **{dataset}** of app **{app}**"
    key = artifact_key(app, dataset, "rows")
    yield from call_blocking(partial(show_table, Owner.current(), key, profile.rows, shown))
    return profile


def profile_of(dataset: Any, rows: int = 0) -> Procedure[Profile]:
    """Read a dataset once, in bounded memory."""
    batches = yield from ikigai_core.Dataset.batches.procedure(dataset)
    return (yield from call_blocking(partial(_profile, dataset, batches, rows)))


def _profile(dataset: Any, batches: Batches, rows: int) -> Profile:
    row_count = 0
    first: list[dict[str, str]] = []
    with batches:
        for batch in batches:
            first += [_as_text(row) for row in batch.slice(0, rows - len(first)).to_pylist()]
            row_count += batch.num_rows
    columns = {name: str(column.data_type) for name, column in dataset.data_types.items()}
    return Profile(row_count, columns, first)


def _as_text(row: dict[str, Any]) -> dict[str, str]:
    texts = {name: "" if value is None else str(value) for name, value in row.items()}
    return {name: text if len(text) <= _LONGEST_CELL else f"{text[:_LONGEST_CELL]}…" for name, text in texts.items()}


def _target(location: Location) -> Location:
    if "://" in str(location):
        return location
    path = Path(location)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
