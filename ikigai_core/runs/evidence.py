"""Evidence that a run was one's own: it wrote a dataset that only this run was to write."""

from __future__ import annotations

from ikigai_core.catalog.kinds import datasets_of
from ikigai_core.catalog.listing import named
from ikigai_core.procedure import Procedure
from ikigai_core.runs.state import RunState


def last_changed(run: RunState) -> Procedure[str]:
    """When the dataset that only this run writes was changed last, as the platform says it; empty if there is none."""
    same = yield from named(datasets_of(run.app_id, run.app_id), run.unique_output)
    return max((f"{record['dataset_id']} {record['modified_at']}" for record in same), default="")


def has_written(run: RunState) -> Procedure[bool]:
    """Whether that dataset was written since the run's baseline."""
    now = yield from last_changed(run)
    return bool(now) and now != run.output_before
