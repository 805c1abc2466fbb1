"""Telling Airflow and OpenLineage what a run wrote: what the followed run wrote, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from airflow_provider_ikigai import lineage
from airflow_provider_ikigai.assets import emit, without_unwritten
from airflow_provider_ikigai.dataset_facts import DatasetFacts, read_by, written_by

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_ikigai.operators.base import IkigaiBaseOperator
    from ikigai_core import App
    from ikigai_core.orchestration import RunReport

_CLOCK = timedelta(seconds=2)
"""The platform tells a dataset's time in whole seconds, and a log entry's more exactly."""


@dataclass(frozen=True)
class Announced:
    """What was told of a run.

    Attributes
    ----------
    outputs : sequence of str or None
        Names of the datasets that it wrote; None where that is not known.
    lineage : Lineage
    """

    outputs: Sequence[str] | None
    lineage: lineage.Lineage = field(default_factory=lineage.Lineage)


def announce(
    task: IkigaiBaseOperator,
    context: Context,
    report: RunReport,
    about: Mapping[str, Any],
    *,
    count_rows_up_to: float,
) -> Announced:
    """Tell Airflow what a run that ended well wrote, and see to it that no other dataset of its app gets an event.

    Parameters
    ----------
    task : IkigaiBaseOperator
        Its outlets are those that are told of.
    context : Context
        The task's.
    report : RunReport
    about : mapping
        What it was to read and write, from `about_run`.
    count_rows_up_to : float
        Size in bytes up to which an output's rows are counted.
    """
    names = about.get("outputs")
    if names is None:
        task.log.info("What the run wrote is not known, as somebody else started it: no dataset is announced")
        task.outlets = without_unwritten(task.outlets, {task.app}, ())
        return Announced(None)
    try:
        with task.connected(context) as (_, app):
            return _announce(task, context, app, report, about, count_rows_up_to)
    except Exception as error:
        # The run is over and did what it should: that it cannot be described is no reason to fail the task.
        task.log.warning("The datasets that the run wrote could not be described: %s", error)
        task.outlets = without_unwritten(task.outlets, {task.app}, names)
        return Announced(names)


def _announce(
    task: IkigaiBaseOperator,
    context: Context,
    app: App,
    report: RunReport,
    about: Mapping[str, Any],
    count_rows_up_to: float,
) -> Announced:
    is_lineage_wanted = lineage.is_wanted()
    written, missing = written_by(
        app,
        about["outputs"],
        _baseline(report),
        count_up_to=count_rows_up_to if task.outlets or is_lineage_wanted else 0,
    )
    if missing:
        task.log.warning("The run did not write %s: what it did not write is not announced", ", ".join(missing))
    names = [dataset.name for dataset in written]
    task.outlets = without_unwritten(task.outlets, {task.app, app.name}, names)
    run_log = report.log or {}
    emit(context, task.outlets, written, {"run_log_id": run_log["log_id"], "flow_id": report.flow_id})
    read: list[DatasetFacts] = read_by(app, about.get("inputs", ())) if is_lineage_wanted else []
    return Announced(names, lineage.Lineage(read, written, run_log))


def _baseline(report: RunReport) -> datetime | None:
    """From when on the run may have written."""
    told = (report.run or {}).get("baseline_at")
    return datetime.fromisoformat(told) - _CLOCK if told else None
