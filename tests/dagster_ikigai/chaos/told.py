"""What a Dagster instance says of a task at last."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import dagster as dg

from tests.chaos.flows import OUTPUT
from tests.chaos.judge import Told

TASK_TAG = "chaos/task"


def runs_of(instance: dg.DagsterInstance, task: str) -> list[dg.DagsterRun]:
    """The Dagster runs of a task, oldest first."""
    return list(instance.get_runs(dg.RunsFilter(tags={TASK_TAG: task})))[::-1]


def has_succeeded(instance: dg.DagsterInstance, run: dg.DagsterRun) -> bool:
    """Whether the run's only step has: then Dagster has nothing to do again, whatever becomes of the run's worker."""
    success = instance.get_records_for_run(run.run_id, of_type=dg.DagsterEventType.STEP_SUCCESS)
    return run.is_success or bool(success.records)


def told_of(instance: dg.DagsterInstance, task: str) -> list[Told]:
    """How its last run ended, with each platform run that any of them reported as its own."""
    runs = runs_of(instance, task)
    if not runs or not runs[-1].is_finished:
        return [Told(task, "unfinished", f"{[run.status.value for run in runs]}")]
    ended = "success" if has_succeeded(instance, runs[-1]) else "failed"
    reports = {told["ikigai/run_log_id"]: told for run in runs for told in _materialized(instance, run)}
    if not reports:
        return [Told(task, ended, "" if ended == "success" else _error(instance, runs[-1]))]  # type: ignore[arg-type]
    return [_as_told(task, ended, told) for told in reports.values()]


def _as_told(task: str, ended: Any, told: Mapping[str, Any]) -> Told:
    variables = told["ikigai/run_variables"]
    doubt = told.get("ikigai/doubt", "")
    return Told(task, ended, "", told["ikigai/run_log_id"], variables.get(OUTPUT), variables, doubt=doubt)


def _materialized(instance: dg.DagsterInstance, run: dg.DagsterRun) -> Iterator[dict[str, Any]]:
    kind = dg.DagsterEventType.ASSET_MATERIALIZATION
    for record in instance.get_records_for_run(run.run_id, of_type=kind).records:
        event = record.asset_materialization
        if event is not None:
            yield {name: value.value for name, value in event.metadata.items()}


def _error(instance: dg.DagsterInstance, run: dg.DagsterRun) -> str:
    kinds = {dg.DagsterEventType.STEP_FAILURE, dg.DagsterEventType.RUN_FAILURE}
    for record in instance.get_records_for_run(run.run_id, of_type=kinds).records:
        event = record.event_log_entry.get_dagster_event()
        if event.is_step_failure:
            data = event.step_failure_data
            metadata = data.user_failure_data.metadata if data.user_failure_data else {}
            kind = metadata["ikigai/error"].value if "ikigai/error" in metadata else ""
            return f"{kind}: {data.error_display_string}"
    return run.status.value
