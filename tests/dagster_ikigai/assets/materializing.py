"""Materializing assets, and reading what was recorded."""

from __future__ import annotations

from typing import Any

import dagster as dg

from dagster_ikigai import IkigaiWorkspace


def materialize(
    *assets: Any, instance: dg.DagsterInstance, **options: Any
) -> tuple[dg.ExecuteInProcessResult, dict[str, dict[str, Any]]]:
    """Materialize assets; the metadata that was recorded, by the last part of their keys."""
    resources = {"ikigai": IkigaiWorkspace()}
    result = dg.materialize(list(assets), resources=resources, instance=instance, raise_on_error=False, **options)
    events = result.get_asset_materialization_events()
    recorded = {event.asset_key.path[-1]: event.materialization.metadata for event in events if event.asset_key}
    return result, {name: {key: entry.value for key, entry in found.items()} for name, found in recorded.items()}


def failure_of(result: dg.ExecuteInProcessResult) -> str:
    """What the only step that failed said."""
    [event] = result.filter_events(lambda event: event.is_step_failure)
    return event.step_failure_data.error_display_string
