"""Reports to Airflow and OpenLineage the datasets that a run wrote, and no others."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from airflow_provider_ikigai import lineage
from airflow_provider_ikigai.assets import emit, without_unwritten
from airflow_provider_ikigai.dataset_profile import read_by

if TYPE_CHECKING:
    from airflow.sdk import Context

    from airflow_provider_ikigai.operators.base import IkigaiBaseOperator
    from ikigai_core import App, Ikigai
    from ikigai_core.orchestration import RunReport


@dataclass(frozen=True)
class Announced:
    """The result of announcing a run.

    Attributes
    ----------
    outputs : sequence of str or None
        Names of the datasets that it wrote; None if that is not known.
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
    """Report to Airflow what a successful run wrote, and drop the outlets of the same app that it did not write.

    Parameters
    ----------
    task : IkigaiBaseOperator
        Its outlets get the events.
    context : Context
        The task's.
    report : RunReport
    about : mapping
        The datasets that it should read and write, from `about_run`.
    count_rows_up_to : float
        Size in bytes up to which an output's rows are counted.
    """
    names = about.get("outputs")
    if names is None:
        task.log.info("Somebody else started the run, so it is not known what it wrote: no dataset is reported")
        task.outlets = without_unwritten(task.outlets, {task.app}, ())
        return Announced(None)
    try:
        with task.connected(context) as (ikigai, app):
            return _announce(task, context, ikigai, app, report, about, count_rows_up_to)
    except Exception as error:
        # The run has succeeded, so the task must not fail only because its outputs cannot be described.
        task.log.warning("The datasets that the run wrote could not be described: %s", error)
        task.outlets = without_unwritten(task.outlets, {task.app}, names)
        return Announced(names)


def lineage_of_failure(
    task: IkigaiBaseOperator, context: Context, report: RunReport, about: Mapping[str, Any]
) -> lineage.Lineage:
    """Return what an unsuccessful run read and should have written, for OpenLineage. Parameters as for `announce`."""
    if not lineage.is_wanted():
        return lineage.Lineage()
    try:
        with task.connected(context) as (_, app):
            outputs = [lineage.Named(name) for name in about.get("outputs") or ()]
            return lineage.Lineage(app.name, read_by(app, about.get("inputs", ())), outputs, report.log or {})
    except Exception as error:
        task.log.warning("The datasets of the run could not be described for OpenLineage: %s", error)
        return lineage.Lineage()


def _announce(
    task: IkigaiBaseOperator,
    context: Context,
    ikigai: Ikigai,
    app: App,
    report: RunReport,
    about: Mapping[str, Any],
    count_rows_up_to: float,
) -> Announced:
    from ikigai_core.orchestration import WrittenOutputs, profile_dataset, written_outputs

    run = ikigai.flow_run(report.run or {})
    written = ikigai.run(written_outputs(app, run, about["outputs"])) or WrittenOutputs(())
    if written.missing:
        task.log.warning("The run did not write %s, so these datasets are not reported", ", ".join(written.missing))
    task.outlets = without_unwritten(task.outlets, {task.app, app.name}, written.names)
    is_lineage_wanted = lineage.is_wanted()
    size_limit = count_rows_up_to if task.outlets or is_lineage_wanted else 0
    profiles = [ikigai.run(profile_dataset(dataset, size_limit=size_limit)) for dataset in written.datasets]
    run_log = report.log or {}
    emit(context, task.outlets, app.name, profiles, {"run_log_id": run_log["log_id"], "flow_id": report.flow_id})
    read = read_by(app, about.get("inputs", ())) if is_lineage_wanted else []
    return Announced(written.names, lineage.Lineage(app.name, read, profiles, run_log))
