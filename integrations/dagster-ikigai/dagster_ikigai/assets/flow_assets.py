"""Assets of flows with local definitions. Loading them sends nothing."""

# No `from __future__ import annotations` here: Dagster reads the annotations of asset functions as types.

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

import dagster as dg

from dagster_ikigai.assets.graph import FlowGraph
from dagster_ikigai.assets.translator import DagsterIkigaiTranslator
from dagster_ikigai.connection import Workspace, required_resource, workspace_of
from dagster_ikigai.flows.runnable import RunnableFlow
from dagster_ikigai.metadata import DATASET, DATASET_TEMPLATE, FACET
from dagster_ikigai.runs.settings import PARTITION_OUTPUT, FlowSettings
from dagster_ikigai.runs.variables import check_variables, dataset_template, run_variables, variables_schema
from ikigai_core.orchestration import Isolation, OnBusy, OnDoubt


def flow_asset_specs(flow: RunnableFlow, translator: DagsterIkigaiTranslator | None = None) -> list[dg.AssetSpec]:
    """Return one asset spec for each dataset that a flow writes and for each model that it trains.

    Its upstream assets are the datasets and models that the facet's output is made from. Those that the same flow
    writes are left out: the flow reads the output of its last run, and an asset graph has no cycles.

    Parameters
    ----------
    flow : IkigaiFlow or IkigaiAppFlow
        The flow.
    translator : DagsterIkigaiTranslator, optional
        Determines keys and attributes.

    Returns
    -------
    list of AssetSpec
        In the order of the definition's facets.
    """
    return FlowGraph([flow], translator).specs[0]


def ikigai_assets(
    *,
    flow: RunnableFlow,
    name: str | None = None,
    group_name: str | None = None,
    translator: DagsterIkigaiTranslator | None = None,
    partitions_def: dg.PartitionsDefinition[Any] | None = None,
    backfill_policy: dg.BackfillPolicy | None = None,
    retry_policy: dg.RetryPolicy | None = None,
    config_schema: Any = None,
    required_resource_keys: set[str] | None = None,
    op_tags: Mapping[str, Any] | None = None,
    pool: str | None = None,
    deps: Sequence[Any] = (),
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    """Create the assets of a flow from a function that runs it.

    The flow runs as a whole, so its assets are one step and cannot be materialized separately.

    Parameters
    ----------
    flow : IkigaiFlow or IkigaiAppFlow
        The flow. Its Exported facets are the assets, and its Imported facets are upstream of them.
    name : str, optional
        Name of the step. Default: from the names of app and flow.
    group_name : str, optional
        Group of the assets.
    translator : DagsterIkigaiTranslator, optional
        Determines keys, descriptions and other attributes.
    partitions_def, backfill_policy, retry_policy, config_schema, required_resource_keys, op_tags
        As for ``dagster.multi_asset``.
    pool : str, optional
        Pool of the step. Default: one for the flow, named after the step.
    deps : sequence
        Further assets upstream of all of the flow's assets, as for ``dagster.AssetSpec``.

    Returns
    -------
    callable
        A decorator that returns an AssetsDefinition.

    Examples
    --------
    >>> flow = IkigaiFlow("Late flights", "Late flights", "late_flights.yaml")
    >>> @ikigai_assets(flow=flow)
    ... def late_flights(context: dg.AssetExecutionContext, ikigai: IkigaiWorkspace):
    ...     yield from ikigai.run_flow(context, flow, variables={"output": "late_flights"})
    """
    return _one_step(
        flow,
        [spec.merge_attributes(deps=deps) for spec in flow_asset_specs(flow, translator)],
        name,
        pool,
        group_name=group_name,
        partitions_def=partitions_def,
        backfill_policy=backfill_policy,
        retry_policy=retry_policy,
        config_schema=config_schema,
        required_resource_keys=required_resource_keys,
        op_tags=op_tags,
    )


def build_ikigai_flow_assets(
    flow: RunnableFlow,
    *,
    workspace: Workspace = "ikigai",
    variables: Mapping[str, Any] | None = None,
    partition_variable: str | Mapping[str, str] | None = None,
    partition_output: str | None = PARTITION_OUTPUT,
    on_busy: OnBusy = "wait",
    isolation: Isolation = "shared",
    on_doubt: OnDoubt = "fail",
    unique_output: str | None = None,
    keep_copies: bool = False,
    timeout: float | None = None,
    name: str | None = None,
    group_name: str | None = None,
    translator: DagsterIkigaiTranslator | None = None,
    partitions_def: dg.PartitionsDefinition[Any] | None = None,
    backfill_policy: dg.BackfillPolicy | None = None,
    retry_policy: dg.RetryPolicy | None = None,
    op_tags: Mapping[str, Any] | None = None,
    pool: str | None = None,
    deps: Sequence[Any] = (),
) -> dg.AssetsDefinition:
    """Create the assets of a flow. Materializing them updates the flow, runs it and follows it to its end.

    Run variables come from `variables`, then from the run's config (``ops: {<step>: {config: {variables: {...}}}}``),
    then from the partition.

    Parameters
    ----------
    flow : IkigaiFlow
        The flow.
    workspace : str or IkigaiWorkspace
        Resource key of the workspace, or the workspace itself. Default: the resource ``ikigai``.
    variables : mapping, optional
        Run variables by name, the same for each run.
    partition_variable : str or mapping, optional
        The run variable that receives the partition key. For multi-dimensional partitions, one run variable by
        dimension.
    partition_output : str, optional
        Template of the name of each partition's dataset, with ``{dataset}`` and ``{partition}``. The name is set with
        the run variable of each Exported facet's ``dataset_name``. None: all partitions write the same dataset.
    on_busy : {"wait", "attach", "fail"}
        What to do if the flow is already running.
    isolation : {"shared", "copy"}
        Whether to run the flow itself or a private copy for each run. With copies, runs can be parallel, and each run
        is always identified with certainty.
    on_doubt : {"fail", "accept"}
        What to do if it cannot be proven which run is the step's: fail, or accept the most likely run.
    unique_output : str, optional
        Name of the run variable that names a dataset that no other run writes. The dataset proves that a run is the
        step's.
    keep_copies : bool
        Whether to keep private copies after their run.
    timeout : float, optional
        Time limit in seconds for the wait for a busy flow and the run together.
    name, group_name, translator, partitions_def, backfill_policy, retry_policy, op_tags, pool, deps
        As for :func:`ikigai_assets`.

    Returns
    -------
    AssetsDefinition
        One step, with one asset for each dataset that the flow writes and for each model that it trains.

    Raises
    ------
    DagsterInvalidDefinitionError
        The flow does not have a named run variable, or there is a partition variable without partitions.

    Examples
    --------
    >>> late_flights = build_ikigai_flow_assets(IkigaiFlow("Late flights", "Late flights", "late_flights.yaml"))
    """
    settings = FlowSettings(
        variables=dict(variables or {}),
        on_busy=on_busy,
        isolation=isolation,
        on_doubt=on_doubt,
        unique_output=unique_output,
        keep_copies=keep_copies,
        timeout=timeout,
        partitions_def=partitions_def,
        partition_variable=partition_variable,
        partition_output=partition_output,
        backfill_policy=backfill_policy,
        retry_policy=retry_policy,
        pool=pool,
        op_tags=op_tags or {},
        deps=deps,
    )
    return flow_assets(
        flow, flow_asset_specs(flow, translator), settings, workspace=workspace, name=name, group_name=group_name
    )


def flow_assets(
    flow: RunnableFlow,
    specs: Sequence[dg.AssetSpec],
    settings: FlowSettings,
    *,
    workspace: Workspace,
    name: str | None = None,
    group_name: str | None = None,
) -> dg.AssetsDefinition:
    """Make the assets of a flow from their specs; see `build_ikigai_flow_assets`."""
    check_variables(flow, settings)

    @_one_step(
        flow,
        [with_template(spec, flow, settings).merge_attributes(deps=settings.deps) for spec in specs],
        name,
        settings.pool,
        is_shared=settings.isolation == "shared",
        group_name=group_name,
        partitions_def=settings.partitions_def,
        backfill_policy=settings.backfill_policy,
        retry_policy=settings.retry_policy,
        config_schema=variables_schema(flow),
        required_resource_keys=required_resource(workspace),
        op_tags=settings.op_tags,
    )
    def run(context: dg.AssetExecutionContext) -> Iterator[dg.MaterializeResult[Any]]:
        yield from workspace_of(context, workspace).run_flow(
            context,
            flow,
            variables=run_variables(context, flow, settings),
            **asdict(settings.start),
        )

    return run


def _one_step(
    flow: RunnableFlow,
    specs: Sequence[dg.AssetSpec],
    name: str | None,
    pool: str | None,
    *,
    is_shared: bool = True,
    **options: Any,
) -> Callable[[Callable[..., Any]], dg.AssetsDefinition]:
    # A flow runs as a whole, and only one run at a time, unless each run has its own copy.
    name = name or flow.op_name
    pool = pool or (name if is_shared else None)
    return dg.multi_asset(specs=specs, name=name, pool=pool, can_subset=False, **options)


def with_template(spec: dg.AssetSpec, flow: RunnableFlow, settings: FlowSettings) -> dg.AssetSpec:
    """Note in the metadata of a dataset's asset which dataset is written, if the definition alone does not say it."""
    if DATASET not in spec.metadata:
        return spec
    template = dataset_template(flow, settings, spec.metadata[FACET])
    if settings.partitions_def is None and template == spec.metadata[DATASET]:
        return spec
    return spec.replace_attributes(metadata={**spec.metadata, DATASET_TEMPLATE: template})
