"""Sensors for the platform's runs, from any source."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_ikigai.connection import IkigaiWorkspace, Workspace, required_resource, workspace_of
from dagster_ikigai.failures import dagster_failures
from dagster_ikigai.flows.facets import Output
from dagster_ikigai.run_report import report_of_elsewhere
from dagster_ikigai.runs.results import FinishedRun, results
from dagster_ikigai.sensors.ended_runs import EndedRun, Watch
from dagster_ikigai.sensors.own_runs import OwnRuns
from dagster_ikigai.sensors.watched_flows import watched_flows
from dagster_ikigai.sensors.written_partition import written_partition

if TYPE_CHECKING:
    from ikigai_core import Ikigai

Assets = Iterable[dg.AssetsDefinition | dg.AssetSpec]

TIME_LIMIT = 40.0
_PROFILE_LIMIT_MB = 10.0


@dataclass(frozen=True)
class IkigaiRunFailure:
    """A failed or stopped run of a flow.

    Attributes
    ----------
    app, flow : str
        Names of the app and of the flow.
    asset_keys : list of AssetKey
        The flow's assets.
    run_log_id, status : str
        Id of the run's log, and ``FAILED`` or ``STOPPED``.
    user : str
        Email address of the user who started it.
    facet_id : str or None
        The facet that failed.
    message : str
        The platform's message.
    ended_at : datetime
        End of the run, with time zone.
    web_url : str or None
        The flow's web page.

    Examples
    --------
    >>> @ikigai_run_failure_sensor([], workspace=IkigaiWorkspace())
    ... def tell(context, failure: IkigaiRunFailure):
    ...     context.log.error(f"{failure.flow} of {failure.user}, facet {failure.facet_id}: {failure.message}")
    """

    app: str
    flow: str
    asset_keys: list[dg.AssetKey]
    run_log_id: str
    status: str
    user: str
    facet_id: str | None
    message: str
    ended_at: datetime
    web_url: str | None


def build_ikigai_run_sensor(
    assets: Assets,
    *,
    name: str = "ikigai_runs",
    workspace: Workspace = "ikigai",
    minimum_interval_seconds: int = 60,
    time_limit: float = TIME_LIMIT,
    default_status: dg.DefaultSensorStatus = dg.DefaultSensorStatus.STOPPED,
) -> dg.SensorDefinition:
    """Create a sensor that reports runs from elsewhere as materializations. Each run is reported once.

    Runs from before its first tick are not reported. Dagster's own steps report the runs that they follow. If a step
    ended before its run, the sensor reports the run after ten minutes without a re-execution that continues with it, or
    after six hours if the Dagster run never ended. Each tick requests the flows of each app and the newest run logs of
    each flow.

    Parameters
    ----------
    assets : iterable of AssetsDefinition or AssetSpec
        The assets of flows. A run of partitioned assets is reported if a dataset that it wrote tells its partition;
        assets whose partitions share datasets, or train models, are skipped.
    name : str
        Name of the sensor.
    workspace : str or IkigaiWorkspace
        Resource key of the workspace, or the workspace itself. Default: the resource ``ikigai``.
    minimum_interval_seconds : int, default 60
        Seconds between two ticks.
    time_limit : float, default 40
        Seconds after which a tick leaves the remaining flows to the next tick. Dagster ends a tick after 60 s, unless
        ``DAGSTER_SENSOR_GRPC_TIMEOUT_SECONDS`` sets another limit.
    default_status : DefaultSensorStatus
        Status of the sensor before a user changes it. Default: stopped.

    Returns
    -------
    SensorDefinition

    Examples
    --------
    >>> sensor = build_ikigai_run_sensor([], workspace=IkigaiWorkspace())
    """
    flows = watched_flows(assets)

    def evaluate(context: dg.SensorEvaluationContext) -> dg.SensorResult | dg.SkipReason:
        watch = Watch(flows, context.cursor, time_limit)
        used = workspace_of(context, workspace)
        light = used.model_copy(update={"profile_limit_mb": min(used.profile_limit_mb, _PROFILE_LIMIT_MB)})
        events: list[dg.AssetMaterialization] = []
        with dagster_failures(), used.get_client() as ikigai:
            own = OwnRuns(context.instance, ikigai)
            for run in watch.ended_runs(ikigai):
                with watch.looking_at(run.flow):
                    if run.log.status.value == "SUCCESS" and not own.is_reported(run):
                        if own.is_under_way(run):
                            context.log.info(f"Run log {run.log.log_id} is left to the Dagster run that follows it.")
                            continue
                        events += _materializations(context, ikigai, run, light, watch)
                    watch.done(run)
            watch.check()
        _warn(context, watch)
        return dg.SensorResult(asset_events=events, cursor=watch.cursor.dump())

    return dg.SensorDefinition(
        name=name,
        evaluation_fn=evaluate,
        minimum_interval_seconds=minimum_interval_seconds,
        required_resource_keys=required_resource(workspace),
        default_status=default_status,
        description="Reports runs of Ikigai flows that were started elsewhere as materializations.",
    )


def ikigai_run_failure_sensor(
    assets: Assets,
    *,
    name: str | None = None,
    workspace: Workspace = "ikigai",
    minimum_interval_seconds: int = 60,
    time_limit: float = TIME_LIMIT,
    default_status: dg.DefaultSensorStatus = dg.DefaultSensorStatus.STOPPED,
    **options: Any,
) -> Callable[[Callable[[dg.SensorEvaluationContext, IkigaiRunFailure], Any]], dg.SensorDefinition]:
    """Create a sensor from a function. It calls the function for each failed run from any source.

    Runs from before its first tick are skipped. If the function raises for a run, the next tick calls it again for that
    run.

    Parameters
    ----------
    assets : iterable of AssetsDefinition or AssetSpec
        The assets of flows.
    name : str, optional
        Name of the sensor. Default: the function's.
    workspace, minimum_interval_seconds, time_limit, default_status
        As for `build_ikigai_run_sensor`.
    **options
        As for ``dagster.SensorDefinition``. For example, `job` for a function that returns a `RunRequest`.

    Returns
    -------
    callable
        A decorator that returns a SensorDefinition.

    Examples
    --------
    >>> @ikigai_run_failure_sensor([], workspace=IkigaiWorkspace())
    ... def tell(context, failure):
    ...     context.log.error(f"{failure.flow}: {failure.message}")
    """
    flows = watched_flows(assets)

    def decorate(function: Callable[[dg.SensorEvaluationContext, IkigaiRunFailure], Any]) -> dg.SensorDefinition:
        def evaluate(context: dg.SensorEvaluationContext) -> dg.SensorResult:
            watch = Watch(flows, context.cursor, time_limit)
            requests: list[dg.RunRequest] = []
            told = 0
            with dagster_failures(), workspace_of(context, workspace).get_client() as ikigai:
                for run in watch.ended_runs(ikigai):
                    if run.log.status.value != "SUCCESS":
                        try:
                            answer = function(context, _failure(run))
                        except Exception as error:
                            if not told:
                                raise
                            # The function must not be called again for earlier runs, so their cursor is saved.
                            context.log.error(f"{name or function.__name__} failed and is called again: {error}")
                            watch.cursor.next_flow = run.flow.id
                            break
                        told += 1
                        requests += [answer] if isinstance(answer, dg.RunRequest) else []
                    watch.done(run)
                watch.check()
            _warn(context, watch)
            return dg.SensorResult(run_requests=requests, cursor=watch.cursor.dump())

        return dg.SensorDefinition(
            name=name or function.__name__,
            evaluation_fn=evaluate,
            minimum_interval_seconds=minimum_interval_seconds,
            required_resource_keys=required_resource(workspace),
            default_status=default_status,
            description=function.__doc__ or "Calls a function for each run of an Ikigai flow that failed.",
            **options,
        )

    return decorate


def _materializations(
    context: dg.SensorEvaluationContext, ikigai: Ikigai, run: EndedRun, workspace: IkigaiWorkspace, watch: Watch
) -> list[dg.AssetMaterialization]:
    from ikigai_core.errors import IkigaiError

    partition, written = None, run.flow.written if run.is_newest else []
    # The newest run has overwritten the outputs of earlier runs. For those, only the run itself can be described.
    if run.flow.partitions_def is not None:
        found = written_partition(context.instance, run, run.app.datasets())
        if found is None:
            watch.tell(
                run.flow, f"It is not certain which partition run log {run.log.log_id} belongs to: it is not reported."
            )
            return []
        partition, written = found
    try:
        return _described(ikigai, run, workspace, written, partition)
    except IkigaiError as error:
        if error.transient:
            raise
        watch.tell(run.flow, f"The outputs of run log {run.log.log_id} cannot be described: {error}")
        return _described(ikigai, run, workspace, [], partition)


def _described(
    ikigai: Ikigai, run: EndedRun, workspace: IkigaiWorkspace, written: list[Output], partition: str | None
) -> list[dg.AssetMaterialization]:
    names = {output.component.name for output in written if output.component.kind == "dataset"}
    datasets = {name: dataset for name, dataset in run.app.datasets().items() if name in names} if names else {}
    finished = FinishedRun(run.app, report_of_elsewhere(run.app, run.remote, run.log), written, datasets)
    return [result.to_materialization(partition) for result in results(ikigai, finished, run.flow.keys, workspace)]


def _failure(run: EndedRun) -> IkigaiRunFailure:
    return IkigaiRunFailure(
        app=run.flow.app,
        flow=run.flow.name,
        asset_keys=list(run.flow.keys.values()),
        run_log_id=run.log.log_id,
        status=run.log.status.value,
        user=run.log.user,
        facet_id=run.log.erroneous_facet_id,
        message=run.log.data,
        ended_at=run.log.timestamp,
        web_url=run.remote.web_url,
    )


def _warn(context: dg.SensorEvaluationContext, watch: Watch) -> None:
    for text in watch.news:
        context.log.warning(text)
