"""The conditions that sensors and triggers wait for, evaluated on the platform's answers. No I/O here."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from ikigai_core.orchestration import component_result

if TYPE_CHECKING:
    from ikigai_core import FlowStatusReport, RunLog
    from ikigai_core.components.dataset_record import DatasetRecord
    from ikigai_core.components.flow_record import FlowRecord

RECENT_RUNS = 50
"""Maximum number of run logs that are read."""


def idle(flow: FlowRecord, report: FlowStatusReport) -> dict[str, Any] | None:
    """Return the flow if it is not running, else None."""
    return component_result(flow) if report.is_idle else None


def ended(flow: FlowRecord, logs: Sequence[RunLog]) -> dict[str, Any] | None:
    """The oldest of the logs, which are newest first, with its flow; None if there is none."""
    return {**component_result(flow), "run_log": logs[-1].model_dump(mode="json")} if logs else None


def updated(dataset: DatasetRecord, since: datetime) -> dict[str, Any] | None:
    """Return the dataset if it was changed after a point of time, else None.

    The platform's times are whole seconds: a change within the same second counts.
    """
    if dataset.modified_at < since.replace(microsecond=0):
        return None
    return described(dataset)


def described(dataset: DatasetRecord) -> dict[str, Any]:
    """Describe a dataset, as sensors return it and events carry it."""
    return {
        **component_result(dataset),
        "size": dataset.size,
        "modified_at": dataset.modified_at.isoformat(),
    }
