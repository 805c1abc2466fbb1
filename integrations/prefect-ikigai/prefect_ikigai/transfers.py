"""Transfers data, for the sync and the async client."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

import ikigai_core
from ikigai_core import orchestration
from ikigai_core.procedure import Procedure
from prefect_ikigai.api.logger import current_logger

if TYPE_CHECKING:
    import pandas

    from ikigai_core.orchestration import AnyClient, AnyDataset

Location: TypeAlias = str | Path
Data: TypeAlias = Any
"""A CSV or Parquet file's path or URL, a pandas frame, or any object with the Arrow stream interface."""


def upload(ikigai: AnyClient, app: str, dataset: str, data: Data, *, create_app: bool) -> Procedure[AnyDataset]:
    """Create a dataset, or replace its data if they differ."""
    uploaded: AnyDataset = yield from orchestration.ensure_dataset(ikigai, app, dataset, data, create_app=create_app)
    current_logger().info("Dataset %r: %s", dataset, ", ".join(uploaded.changes) or "nothing to do")
    return uploaded


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


def _target(location: Location) -> Location:
    if "://" in str(location):
        return location
    path = Path(location)
    path.parent.mkdir(parents=True, exist_ok=True)
    return path
