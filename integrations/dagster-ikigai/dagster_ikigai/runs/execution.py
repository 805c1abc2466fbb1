"""One step's run of a flow, from the definition to the results."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_ikigai.failures import dagster_failures
from dagster_ikigai.metadata import APP, FACET, FLOW
from dagster_ikigai.run_store import EventRunStore
from dagster_ikigai.runs.column_lineage import with_column_lineage
from dagster_ikigai.runs.orphans import check_is_awaited
from dagster_ikigai.runs.results import FinishedRun, results
from dagster_ikigai.runs.starting import FlowStart
from dagster_ikigai.runs.upstream_datasets import upstream_variables
from dagster_ikigai.runs.variables import variables_fault

if TYPE_CHECKING:
    from dagster_ikigai.connection import IkigaiWorkspace
    from dagster_ikigai.flows.runnable import RunnableFlow
    from dagster_ikigai.runs.settings import StartSettings
    from ikigai_core import App, Flow, FlowRun, Ikigai, RunLog
    from ikigai_core.orchestration import Deadline


@dataclass(frozen=True)
class FlowTask:
    """The work of a step.

    Attributes
    ----------
    flow : RunnableFlow
    variables : mapping
        Run variables.
    how : StartSettings
    """

    flow: RunnableFlow
    variables: Mapping[str, Any]
    how: StartSettings

    @property
    def digest(self) -> str:
        """Digest of definition and variables. A re-execution continues with a run only if their digests are equal."""
        content = [self.flow.version, dict(self.variables)]
        return sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]

    def check(self) -> None:
        """Check the variables and settings before anything is sent.

        Raises
        ------
        Failure
            A variable or setting is wrong. The error names it.
        """
        fault = variables_fault(self.flow, self.variables) or self.how.fault(self.flow)
        if fault is not None:
            raise dg.Failure(f"{self.flow!r}: {fault}", allow_retries=False)


def materialize(
    context: dg.AssetExecutionContext, workspace: IkigaiWorkspace, task: FlowTask
) -> Iterator[dg.MaterializeResult[Any]]:
    """Run a flow and report its assets; see `IkigaiWorkspace.run_flow`."""
    keys = _asset_keys(context, task.flow)
    task.check()
    with dagster_failures(context), workspace.get_client() as ikigai:
        upstream = upstream_variables(context, ikigai, task.flow, task.variables)
        task = replace(task, variables={**task.variables, **upstream})
        store = EventRunStore(context, list(keys.values())[-1], task.digest)
        finished = execute(context, ikigai, task, store)
        told = [
            with_column_lineage(context, task.flow, result) for result in results(ikigai, finished, keys, workspace)
        ]
        reported = [result.to_materialize_result() for result in told]
        take(context, store, finished)
    yield from reported


def execute(context: Any, ikigai: Ikigai, task: FlowTask, store: EventRunStore) -> FinishedRun:
    """Update the flow, start it or continue with the run of an earlier attempt, and follow the run to its end."""
    from ikigai_core.orchestration import Deadline

    deadline = Deadline.after(task.how.timeout)
    app, remote = task.flow.remote(ikigai)
    _log_changes(context, remote)
    with FlowStart(context, store, remote.flow_id, is_shared=task.how.isolation == "shared") as start:
        how = {**asdict(task.how), "timeout": deadline.left}
        run = remote.launch(dict(task.variables), keep=start.keep, previous=store.find(), lease=start.lease, **how)
    log = _follow(context, run, store, deadline)
    if run.doubt:
        context.log.warning(f"Flow {run.flow_name!r}: {run.doubt}")
    return _finished(ikigai, task, app, remote, run, log)


def _finished(ikigai: Ikigai, task: FlowTask, app: App, remote: Flow, run: FlowRun, log: RunLog) -> FinishedRun:
    from ikigai_core.orchestration import RunReport, written_outputs

    # The outputs of another run are not known.
    outputs = None if run.attached else ikigai.run(written_outputs(app, run, remote.definition()))
    report = RunReport.success(run, log, app_name=app.name, outputs=None if outputs is None else outputs.names)
    written = [] if run.attached else task.flow.written_with(run.variables)
    datasets = {} if outputs is None else {dataset.name: dataset for dataset in outputs.datasets}
    return FinishedRun(app, report, written, datasets, run.baseline_at)


def take(context: Any, store: EventRunStore, finished: FinishedRun) -> None:
    """Note that this step reports a run, unless its Dagster run is over.

    Raises
    ------
    Failure
        The step's Dagster run is over.
    SupersededError
        A later attempt of the step has taken over.
    """
    check_is_awaited(context)
    if finished.report.run is not None:
        store.take(finished.report.run)


def _asset_keys(context: dg.AssetExecutionContext, flow: RunnableFlow) -> dict[str, dg.AssetKey]:
    # Read the keys from the loaded definitions: a prefix may have been added to them.
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


def _follow(context: Any, run: FlowRun, store: EventRunStore, deadline: Deadline) -> RunLog:
    from ikigai_core.errors import RunLostError
    from ikigai_core.orchestration import ProgressLog

    progress = ProgressLog(context.log, run.flow_name)
    where = f" {run.web_url}" if run.web_url else ""
    context.log.info(f"Flow {run.flow_name!r}: {_began(run)}.{where}")
    try:
        log = run.result(deadline.left, on_update=progress)
    except RunLostError as error:
        if type(error) is RunLostError and not run.copy_name:
            # The run never existed, or was lost without a trace. A re-execution must start another one.
            store.forget()
        raise
    except (dg.DagsterExecutionInterruptedError, KeyboardInterrupt):
        remedy = "A re-execution of this Dagster run follows it; any other step that needs the flow waits for its end."
        progress.goes_on(f"{remedy}{where}")
        raise
    progress.ended(log)
    return log


def _began(run: FlowRun) -> str:
    if run.attached:
        return "following somebody else's run"
    if run.picked_up:
        return "following a run that was started before"
    return f"started, as private copy {run.copy_name!r}" if run.copy_name else "started"
