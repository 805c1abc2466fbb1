"""Persistent instances, and runs in them of which nothing but the record is there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import dagster as dg
from dagster._core.events import AssetObservationData, DagsterEvent
from dagster._core.test_utils import create_run_for_test

# Capturing what a step prints takes four more processes for each.
COMPUTE_LOGS = {"module": "dagster._core.storage.noop_compute_log_manager", "class": "NoOpComputeLogManager"}
SETTINGS = json.dumps({"telemetry": {"enabled": False}, "nux": {"enabled": False}, "compute_logs": COMPUTE_LOGS})


def a_run(instance: dg.DagsterInstance, parent: dg.DagsterRun | None = None) -> dg.DagsterRun:
    """A run that is under way; a re-execution of its parent."""
    if parent is None:
        return create_run_for_test(instance, status=dg.DagsterRunStatus.STARTED)
    root = parent.root_run_id or parent.run_id
    return create_run_for_test(
        instance,
        status=dg.DagsterRunStatus.STARTED,
        parent_run_id=parent.run_id,
        root_run_id=root,
        tags={"dagster/parent_run_id": parent.run_id, "dagster/root_run_id": root},
    )


class StepContext:
    """As much of a step's context as a run store asks for."""

    def __init__(self, instance: dg.DagsterInstance, run: dg.DagsterRun, step: str, retry_number: int = 0) -> None:
        self.instance, self.run, self.run_id = instance, run, run.run_id
        self.op_handle, self.retry_number, self.has_partition_key = step, retry_number, False

    def get_mapping_key(self) -> None:
        return None

    def log_event(self, observation: dg.AssetObservation) -> None:
        self._report(dg.DagsterEventType.ASSET_OBSERVATION, AssetObservationData(observation))

    def succeed(self) -> None:
        """Record that the step has succeeded."""
        from dagster._core.execution.plan.objects import StepSuccessData

        self._report(dg.DagsterEventType.STEP_SUCCESS, StepSuccessData(1.0))

    def fail(self) -> None:
        """Record that the step has failed."""
        from dagster._core.execution.plan.objects import StepFailureData

        self._report(dg.DagsterEventType.STEP_FAILURE, StepFailureData(None, None))

    def _report(self, kind: dg.DagsterEventType, data: Any) -> None:
        event = DagsterEvent(kind.value, self.run.job_name, step_key=self.op_handle, event_specific_data=data)
        self.instance.report_dagster_event(event, self.run_id)


def values(metadata: Mapping[str, Any]) -> dict[str, Any]:
    """Metadata without Dagster's wrapping."""
    return {name: value.value for name, value in metadata.items()}
