"""One step's run of a flow, from the definition to the assets that it wrote."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_ikigai.failures import dagster_failures
from dagster_ikigai.journal import RunJournal
from dagster_ikigai.metadata import Profile, dataset_metadata, run_metadata
from dagster_ikigai.translator import APP, FACET, FLOW
from dagster_ikigai.variables import variables_fault

if TYPE_CHECKING:
    from dagster_ikigai.flow import IkigaiFlow
    from dagster_ikigai.resources import IkigaiWorkspace, OnBusy
    from ikigai_core import App, Flow, FlowRun, FlowStatusReport, RunLog


def run_flow(
    context: dg.AssetExecutionContext,
    workspace: IkigaiWorkspace,
    flow: IkigaiFlow,
    *,
    variables: Mapping[str, Any],
    on_busy: OnBusy,
    timeout: float | None,
) -> Iterator[dg.MaterializeResult[Any]]:
    """Ensure, run, follow and report a flow; see `IkigaiWorkspace.run_flow`."""
    keys = _asset_keys(context, flow)
    fault = variables_fault(flow, variables)
    if fault is not None:
        raise dg.Failure(f"{flow!r}: {fault}", allow_retries=False)
    journal = RunJournal(context, list(keys.values())[-1], _digest(flow, variables))
    with dagster_failures(), workspace.get_client() as ikigai:
        app = ikigai.app.new(flow.app).ensure() if flow.create_app else ikigai.apps[flow.app]
        remote = app.flow.new(flow.name).definition(flow.definition).ensure()
        _log_changes(context, remote)
        run = remote.launch(
            dict(variables), on_busy=on_busy, keep=journal.keep, previous=journal.previous(), timeout=timeout
        )
        log = _follow(context, run, journal, timeout)
        written = flow.output_names(run.variables)
        results = [
            _materialized(app, written[facet], key, run_metadata(remote, log, run.variables), workspace)
            for facet, key in keys.items()
        ]
    yield from results


def _asset_keys(context: dg.AssetExecutionContext, flow: IkigaiFlow) -> dict[str, dg.AssetKey]:
    # Read from the definitions as they were loaded: a prefix may have been added to the keys since they were made.
    marks = {tuple(map(spec.metadata.get, (APP, FLOW, FACET))): spec.key for spec in context.assets_def.specs}
    keys = {facet: marks.get((flow.app, flow.name, facet)) for facet in flow.outputs}
    found = {facet: key for facet, key in keys.items() if key is not None}
    if len(found) < len(keys):
        missing = ", ".join(repr(facet) for facet, key in keys.items() if key is None)
        raise dg.DagsterInvalidInvocationError(
            f"The step {context.op_execution_context.op.name!r} has no asset for facet {missing} of {flow!r}: make the "
            "assets with @ikigai_assets of the same flow, and let a translator keep the metadata that a spec has."
        )
    return found


def _digest(flow: IkigaiFlow, variables: Mapping[str, Any]) -> str:
    content = [flow.version, dict(variables)]
    return sha256(json.dumps(content, sort_keys=True, default=str).encode()).hexdigest()[:16]


def _log_changes(context: dg.AssetExecutionContext, flow: Flow) -> None:
    if flow.changes:
        context.log.info(f"Flow {flow.name!r}: {', '.join(flow.changes)}.")


def _follow(context: dg.AssetExecutionContext, run: FlowRun, journal: RunJournal, timeout: float | None) -> RunLog:
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
    context.log.info(f"Flow {run.flow_name!r}: {log.status.value}, run log {log.log_id}.")
    return log


def _materialized(
    app: App, dataset_name: str, key: dg.AssetKey, metadata: Mapping[str, Any], workspace: IkigaiWorkspace
) -> dg.MaterializeResult[Any]:
    dataset = app.datasets[dataset_name]
    profile = Profile.of_dataset(dataset, workspace.preview_rows, workspace.profile_limit_mb)
    return dg.MaterializeResult(
        asset_key=key,
        metadata={**dataset_metadata(dataset, profile), **metadata},
        data_version=dg.DataVersion(profile.digest) if profile else None,
    )
