"""The variables of a run, from constants, the run's config and the partition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import dagster as dg

from dagster_ikigai.runs.step_partition import step_partition

if TYPE_CHECKING:
    from dagster_ikigai.flows.runnable import RunnableFlow
    from dagster_ikigai.runs.settings import FlowSettings

PartitionVariable = str | Mapping[str, str] | None

PARTITION = "{partition}"


def variables_schema(flow: RunnableFlow) -> dict[str, Any] | None:
    """Return a step's config schema: one optional field for each run variable, so that launching detects typos."""
    if not flow.targets:
        return None
    fields = {
        variable: dg.Field(
            dg.Any,
            is_required=False,
            description=f"Replaces argument {target.argument!r} of facet {flow.facets[target.facet].label!r}.",
        )
        for variable, target in flow.targets.items()
    }
    return {"variables": dg.Field(fields, is_required=False, description="Variables of the flow's run.")}


def variables_fault(flow: RunnableFlow, variables: Mapping[str, Any]) -> str | None:
    """The error message for the first wrong run variable; None if all are correct."""
    for variable, value in variables.items():
        if flow.is_described and variable not in flow.variables:
            known = ", ".join(map(repr, flow.variables)) or "none"
            return f"There is no run variable {variable!r}, but: {known}. Add it to a facet's `variables`."
        if not isinstance(value, str | int | float):
            kind = type(value).__name__
            return f"Run variable {variable!r} is of type {kind}: give text, a number or a bool."
    return None


def check_variables(flow: RunnableFlow, settings: FlowSettings) -> None:
    """Check the variables while definitions load, because wrong ones would fail in every run.

    Raises
    ------
    DagsterInvalidDefinitionError
        A variable is wrong. The error names it.
    """
    constants, by_partition = settings.variables, _variable_names(settings.partition_variable)
    fault = variables_fault(flow, {**constants, **dict.fromkeys(by_partition, "")})
    twice = [variable for variable in by_partition if variable in constants]
    if fault is None and twice:
        fault = f"Run variable {twice[0]!r} is given both by `variables` and by `partition_variable`."
    fault = fault or _partition_fault(settings.partition_variable, settings.partitions_def)
    fault = fault or _output_fault(flow, settings) or _backfill_fault(settings) or settings.start.fault(flow)
    if fault is not None:
        raise dg.DagsterInvalidDefinitionError(f"{flow!r}: {fault}")


def run_variables(context: dg.AssetExecutionContext, flow: RunnableFlow, settings: FlowSettings) -> dict[str, Any]:
    """Return the variables of one run.

    Raises
    ------
    Failure
        The run's config sets the partition's variable: the partition would contain the data of another one. Or the
        Dagster run is for no partition, or for several.
    """
    config = context.op_execution_context.op_config or {}
    configured: dict[str, Any] = config.get("variables", {})
    partition = _partition(context, flow, settings)
    by_partition = _partition_values(partition, settings.partition_variable)
    for variable in configured.keys() & by_partition.keys():
        raise dg.Failure(
            f"The run's config sets the variable {variable!r}, whose value is the partition's key "
            f"({by_partition[variable]!r}). Leave it out of the config.",
            allow_retries=False,
        )
    given = {**settings.variables, **configured, **by_partition}
    if partition is None:
        return given
    return {**given, **partition_outputs(flow, settings, given, partition)}


def _partition(context: dg.AssetExecutionContext, flow: RunnableFlow, settings: FlowSettings) -> str | None:
    # The same Dagster run may have steps with partitions and steps without.
    is_needed = settings.partition_output is not None or settings.partition_variable is not None
    if settings.partitions_def is None or not is_needed:
        return None
    partition = step_partition(context)
    if partition is None:
        raise dg.Failure(
            f"{flow!r} has partitions, and this Dagster run is for none. Nothing was started. Choose a partition.",
            allow_retries=False,
        )
    return partition


def partition_outputs(
    flow: RunnableFlow, settings: FlowSettings, given: Mapping[str, Any], partition_key: str
) -> dict[str, str]:
    """The run variables that name the datasets of one partition."""
    if settings.partition_output is None:
        return {}
    by_partition = _variable_names(settings.partition_variable)
    names = flow.output_names(given)
    return {
        variable: partition_dataset(settings.partition_output, names[facet], partition_key)
        for facet, variable in flow.output_variables().items()
        if variable not in by_partition
    }


def partition_dataset(template: str, dataset: str, partition_key: str) -> str:
    """Name of the dataset of one partition."""
    return template.replace("{dataset}", dataset).replace(PARTITION, partition_key)


def dataset_template(flow: RunnableFlow, settings: FlowSettings, facet: str) -> str:
    """Name of the dataset that a facet writes. Contains ``{partition}`` if it depends on the partition."""
    variable = flow.output_variables().get(facet)
    if settings.partitions_def is not None and variable is not None:
        if variable == settings.partition_variable:
            return PARTITION
        if variable not in _variable_names(settings.partition_variable) and settings.partition_output is not None:
            return partition_dataset(settings.partition_output, flow.output_names(settings.variables)[facet], PARTITION)
    return flow.output_names(settings.variables)[facet]


def _output_fault(flow: RunnableFlow, settings: FlowSettings) -> str | None:
    template = settings.partition_output
    if settings.partitions_def is None or template is None:
        return None
    if PARTITION not in template:
        return f"partition_output={template!r} has no {{partition}} in it: partitions would share one dataset."
    named = flow.output_variables()
    for facet, dataset in flow.outputs.items():
        if facet not in named:
            return (
                f"Facet {flow.facets[facet].label!r} writes dataset {dataset!r} for every partition, so that each "
                "partition would overwrite the one before. Give it a run variable (`variables: {output: "
                "dataset_name}`), or say partition_output=None if the flow itself keeps partitions apart."
            )
    return None


def _backfill_fault(settings: FlowSettings) -> str | None:
    policy = settings.backfill_policy
    if policy is None or policy.max_partitions_per_run == 1:
        return None
    return "A run of the flow stands for one partition: use BackfillPolicy.multi_run(max_partitions_per_run=1)."


def _partition_fault(
    partition_variable: PartitionVariable, partitions_def: dg.PartitionsDefinition[Any] | None
) -> str | None:
    given = f"partition_variable={partition_variable!r}"
    if partition_variable is None:
        return None
    if partitions_def is None:
        return f"{given} needs a partitions_def to take its value from."
    has = set(getattr(partitions_def, "partition_dimension_names", ()))
    named = set() if isinstance(partition_variable, str) else set(partition_variable)
    if bool(has) != bool(named) or not named <= has:
        dimensions = ", ".join(map(repr, sorted(has))) or "none, so name one run variable"
        return f"{given} does not fit the partitions, whose dimensions are: {dimensions}."
    return None


def _variable_names(partition_variable: PartitionVariable) -> list[str]:
    if partition_variable is None:
        return []
    return [partition_variable] if isinstance(partition_variable, str) else list(partition_variable.values())


def _partition_values(partition: str | None, partition_variable: PartitionVariable) -> dict[str, str]:
    if partition is None or partition_variable is None:
        return {}
    if isinstance(partition_variable, str):
        return {partition_variable: partition}
    dimensions = cast("dg.MultiPartitionKey", partition).keys_by_dimension
    return {variable: dimensions[dimension] for dimension, variable in partition_variable.items()}
