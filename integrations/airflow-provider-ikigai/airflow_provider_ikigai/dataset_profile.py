"""A dataset's profile in asset events, and the profiles of the datasets that a run read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ikigai_core import App
    from ikigai_core.orchestration import DatasetProfile


def event_extra(profile: DatasetProfile) -> dict[str, Any]:
    """The profile of a dataset, as the extra of an asset event."""
    counted = {} if profile.row_count is None else {"row_count": profile.row_count}
    return {"dataset_id": profile.dataset_id, "size_bytes": profile.size, **counted}


def read_by(app: App, ids: Iterable[str]) -> list[DatasetProfile]:
    """Return the profiles of datasets by their ids, with one request for all of them."""
    from ikigai_core.orchestration import DatasetProfile

    wanted = list(ids)
    known = app.datasets().values() if wanted else ()
    by_id = {dataset.dataset_id: dataset for dataset in known}
    return [DatasetProfile.of(by_id[read]) for read in wanted if read in by_id]
