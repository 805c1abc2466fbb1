"""Evidence for a run: it wrote a dataset that no other run was to write."""

from __future__ import annotations

from ikigai_core.catalog.kinds import datasets_of
from ikigai_core.catalog.listing import named
from ikigai_core.procedure import Procedure
from ikigai_core.runs.state import RunState


def last_changed(run: RunState) -> Procedure[str]:
    """Last change of the dataset that only this run writes, as the platform reports it; empty if there is none."""
    same = yield from named(datasets_of(run.app_id, run.app_id), run.unique_output)
    return max((f"{record['dataset_id']} {record.get('modified_at')}" for record in same), default="")


def has_written(run: RunState) -> Procedure[bool]:
    """True if that dataset was written since the run's baseline."""
    now = yield from last_changed(run)
    return bool(now) and now != run.output_before
