"""Telling Airflow and OpenLineage what a run wrote: what the followed run wrote, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from airflow_provider_ikigai import lineage
from airflow_provider_ikigai.assets import emit, without_unwritten
from airflow_provider_ikigai.dataset_facts import DatasetFacts, read_by, written_by

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_ikigai.operators.base import IkigaiBaseOperator
    from airflow_provider_ikigai.outcome import Outcome
    from ikigai_core import App

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


def announce(task: IkigaiBaseOperator, context: Context, outcome: Outcome, *, count_rows_up_to: float) -> Announced:
    """Tell Airflow what a run that ended well wrote, and see to it that no other dataset of its app gets an event.

    Parameters
    ----------
    task : IkigaiBaseOperator
        Its outlets are those that are told of.
    context : Context
        The task's.
    outcome : Outcome
    count_rows_up_to : float
        Size in bytes up to which an output's rows are counted.
    """
    names = outcome.about.get("outputs")
    if names is None:
        task.log.info("What the run wrote is not known, as somebody else started it: no dataset is announced")
        task.outlets = without_unwritten(task.outlets, {task.app}, ())
        return Announced(None)
    try:
        with task.connected(context) as (_, app):
            return _announce(task, context, app, outcome, count_rows_up_to)
    except Exception as error:
        # The run is over and did what it should: that it cannot be described is no reason to fail the task.
        task.log.warning("The datasets that the run wrote could not be described: %s", error)
        task.outlets = without_unwritten(task.outlets, {task.app}, names)
        return Announced(names)


def _announce(
    task: IkigaiBaseOperator, context: Context, app: App, outcome: Outcome, count_rows_up_to: float
) -> Announced:
    is_lineage_wanted = lineage.is_wanted()
    written, missing = written_by(
        app,
        outcome.about["outputs"],
        _baseline(outcome),
        count_up_to=count_rows_up_to if task.outlets or is_lineage_wanted else 0,
    )
    if missing:
        task.log.warning("The run did not write %s: what it did not write is not announced", ", ".join(missing))
    names = [dataset.name for dataset in written]
    task.outlets = without_unwritten(task.outlets, {task.app, app.name}, names)
    run_log = outcome.run_log or {}
    emit(context, task.outlets, written, {"run_log_id": run_log["log_id"], "flow_id": outcome.about["flow_id"]})
    read: list[DatasetFacts] = read_by(app, outcome.about.get("inputs", ())) if is_lineage_wanted else []
    return Announced(names, lineage.Lineage(read, written, run_log))


def _baseline(outcome: Outcome) -> datetime | None:
    """From when on the run may have written."""
    told = (outcome.flow_run or {}).get("baseline_at")
    return datetime.fromisoformat(told) - _CLOCK if told else None
