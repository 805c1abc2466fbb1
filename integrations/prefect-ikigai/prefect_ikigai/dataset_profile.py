"""The description of a dataset for Prefect: a preview for users, and metadata of its asset."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING, Any

from ikigai_core import orchestration
from ikigai_core.procedure import Procedure, call_blocking
from prefect_ikigai.api.artifacts import show_table
from prefect_ikigai.api.owner import Owner
from prefect_ikigai.naming import artifact_key, without_generated_part

if TYPE_CHECKING:
    from ikigai_core.orchestration import AnyClient, AnyDataset


@dataclass(frozen=True)
class Profile:
    """The profile of a dataset that was read.

    Attributes
    ----------
    row_count : int or None
        None if the dataset cannot be read as one table.
    columns : dict of str to str
        The platform's type of each column.
    rows : list of dict
        The first rows, as strings by column.
    """

    row_count: int | None
    columns: dict[str, str]
    rows: list[dict[str, str]]


def preview(ikigai: AnyClient, app: str, dataset: str, rows: int) -> Procedure[Profile]:
    """Count a dataset's rows, and show the first ones as a table."""
    found: AnyDataset = yield from orchestration.find_dataset(ikigai, app, dataset)
    profile = yield from orchestration.profile_dataset(found, preview_rows=rows, size_limit=None)
    shown = f"The first {len(profile.preview)} of {profile.row_count} rows of dataset **{dataset}** of app **{app}**"
    key = artifact_key(app, without_generated_part(dataset), "rows")
    yield from call_blocking(partial(show_table, Owner.current(), key, profile.preview, shown))
    return Profile(profile.row_count, profile.columns, profile.preview)


def asset_metadata(dataset: AnyDataset) -> Procedure[dict[str, Any]]:
    """Metadata for the asset of a dataset. Contains no rows."""
    profile = yield from orchestration.profile_dataset(dataset, size_limit=None)
    return {
        "row_count": profile.row_count,
        "columns": profile.columns,
        "dataset_id": profile.dataset_id,
        "web_url": profile.web_url,
    }
