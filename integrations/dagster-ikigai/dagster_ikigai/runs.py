"""One step's run of a flow, from the definition to what it wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_ikigai.failures import dagster_failures
from dagster_ikigai.journal import RunJournal
from dagster_ikigai.orphans import check_is_awaited
from dagster_ikigai.results import FinishedRun, results
from dagster_ikigai.translator import APP, FACET, FLOW
from dagster_ikigai.variables import variables_fault

if TYPE_CHECKING:
    from dagster_ikigai.resources import IkigaiWorkspace, OnBusy
    from dagster_ikigai.runnable import RunnableFlow
    from ikigai_core import Flow, FlowRun, FlowStatusReport, Ikigai, RunLog


@dataclass(frozen=True)
class FlowTask:
    """What a step is to do.

    Attributes
    ----------
    flow : RunnableFlow
    variables : mapping
        Run variables.
    on_busy : {"wait", "attach", "fail"}
    timeout : float or None
        Seconds to wait for a busy flow, and to follow the run.
    """

    flow: RunnableFlow
    variables: Mapping[str, Any]
    on_busy: OnBusy
    timeout: float | None

    @property
    def digest(self) -> str:
        """Digest of definition and variables: a re-execution takes up a run only where it would do the same."""
        content = [self.flow.version, dict(self.variables)]
        return sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]

    def check(self) -> None:
        """Refuse what cannot work before anything is sent.

        Raises
        ------
        Failure
            Naming the variable.
        """
        fault = variables_fault(self.flow, self.variables)
        if fault is not None:
            raise dg.Failure(f"{self.flow!r}: {fault}", allow_retries=False)


def materialize(
    context: dg.AssetExecutionContext, workspace: IkigaiWorkspace, task: FlowTask
) -> Iterator[dg.MaterializeResult[Any]]:
    """Run a flow and report its assets; see `IkigaiWorkspace.run_flow`."""
    keys = _asset_keys(context, task.flow)
    task.check()
    journal = RunJournal(context, list(keys.values())[-1], task.digest)
    with dagster_failures(), workspace.get_client() as ikigai:
        finished = execute(context, ikigai, task, journal)
        reported = [result.to_materialize_result() for result in results(finished, keys, workspace)]
    check_is_awaited(context)
    yield from reported


def execute(context: Any, ikigai: Ikigai, task: FlowTask, journal: RunJournal) -> FinishedRun:
    """Make the flow ready, start it or take up the run that an earlier try started, and follow it to its end."""
    app, remote = task.flow.remote(ikigai)
    _log_changes(context, remote)
    run = remote.launch(
        dict(task.variables),
        on_busy=task.on_busy,
        keep=journal.keep,
        previous=journal.previous(),
        timeout=task.timeout,
    )
    journal.take_over(run.to_dict())
    log = _follow(context, run, journal, task.timeout)
    if run.doubt:
        context.log.warning(f"Flow {run.flow_name!r}: {run.doubt}")
    return FinishedRun(app, remote, task.flow.written_with(run.variables), log, run.variables, run.web_url)


def _asset_keys(context: dg.AssetExecutionContext, flow: RunnableFlow) -> dict[str, dg.AssetKey]:
    # Read from the definitions as they were loaded: a prefix may have been added to the keys since they were made.
    marks = {tuple(map(spec.metadata.get, (APP, FLOW, FACET))): spec.key for spec in context.assets_def.specs}
    wanted = [output.facet for output in flow.written_with({})]
    keys = {facet: marks.get((flow.app, flow.name, facet or None)) for facet in wanted}
    found = {facet: key for facet, key in keys.items() if key is not None}
    if len(found) < len(keys):
        missing = ", ".join(repr(facet) for facet, key in keys.items() if key is None)
        raise dg.DagsterInvalidInvocationError(
            f"The step {context.op_execution_context.op.name!r} has no asset for facet {missing} of {flow!r}: make the "
            "assets with @ikigai_assets of the same flow, and let a translator keep the metadata that a spec has."
        )
    return found


def _log_changes(context: Any, flow: Flow) -> None:
    if flow.changes:
        context.log.info(f"Flow {flow.name!r}: {', '.join(flow.changes)}.")


def _follow(context: Any, run: FlowRun, journal: RunJournal, timeout: float | None) -> RunLog:
    from ikigai_core.errors import RunFailed, RunLost

    def tell(report: FlowStatusReport) -> None:
        progress = "" if report.progress is None else f" {report.progress} %"
        context.log.info(f"Flow {run.flow_name!r}: {report.status.value}{progress} {report.message}".rstrip())

    context.log.info(
        f"Flow {run.flow_name!r}: {'following a run that was started before' if run.attached else 'started'}."
    )
    try:
        log = run.result(timeout, on_update=tell)
    except (RunFailed, RunLost) as error:
        journal.close(error.run_log.status.value if isinstance(error, RunFailed) else "lost")
        raise
    except (dg.DagsterExecutionInterruptedError, KeyboardInterrupt):
        where = f" ({run.web_url})" if run.web_url else ""
        context.log.warning(
            f"Interrupted: the run of flow {run.flow_name!r} goes on, as the platform offers no way to stop it{where}. "
            "A re-execution of this Dagster run follows it; any other step that needs the flow waits for its end."
        )
        raise
    where = f" {run.web_url}" if run.web_url else ""
    context.log.info(f"Flow {run.flow_name!r}: {log.status.value}, run log {log.log_id}.{where}")
    return log
