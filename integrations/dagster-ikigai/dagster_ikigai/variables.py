"""Where a run's variables come from: constants, the run's config, the partition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import dagster as dg

if TYPE_CHECKING:
    from dagster_ikigai.flow import IkigaiFlow

PartitionVariable = str | Mapping[str, str] | None


def variables_schema(flow: IkigaiFlow) -> dict[str, Any] | None:
    """Return a step's config schema: an optional field for each run variable, so that typos are caught at launch."""
    if not flow.variables:
        return None
    fields = {
        variable: dg.Field(
            dg.Any, is_required=False, description=f"Replaces argument {argument!r} of facet {name!r} ({facet.type})."
        )
        for name, facet in flow.definition.facets.items()
        for variable, argument in facet.variables.items()
    }
    return {"variables": dg.Field(fields, is_required=False, description="Variables of the flow's run.")}


def variables_fault(flow: IkigaiFlow, variables: Mapping[str, Any]) -> str | None:
    """Say what is wrong with run variables, naming the first that is; None where nothing is."""
    for variable, value in variables.items():
        if variable not in flow.variables:
            known = ", ".join(map(repr, flow.variables)) or "none"
            return f"There is no run variable {variable!r}, but: {known}. Add it to a facet's `variables`."
        if not isinstance(value, str | int | float):
            kind = type(value).__name__
            return f"Run variable {variable!r} is of type {kind}: give text, a number or a bool."
    return None


def check_variables(
    flow: IkigaiFlow,
    constants: Mapping[str, Any],
    partition_variable: PartitionVariable,
    partitions_def: dg.PartitionsDefinition[Any] | None,
) -> None:
    """Check at load what would fail at each run.

    Raises
    ------
    DagsterInvalidDefinitionError
        Naming the variable.
    """
    by_partition = _variable_names(partition_variable)
    fault = variables_fault(flow, {**constants, **dict.fromkeys(by_partition, "")})
    twice = [variable for variable in by_partition if variable in constants]
    if fault is None and twice:
        fault = f"Run variable {twice[0]!r} is given both by `variables` and by `partition_variable`."
    fault = fault or _partition_fault(partition_variable, partitions_def)
    if fault is not None:
        raise dg.DagsterInvalidDefinitionError(f"{flow!r}: {fault}")


def run_variables(
    context: dg.AssetExecutionContext, constants: Mapping[str, Any], partition_variable: PartitionVariable
) -> dict[str, Any]:
    """Return the variables of one run.

    Raises
    ------
    Failure
        The run's config sets the variable that the partition sets: the partition would hold another one's data.
    """
    config = context.op_execution_context.op_config or {}
    configured: dict[str, Any] = config.get("variables", {})
    by_partition = _partition_values(context, partition_variable)
    for variable in configured.keys() & by_partition.keys():
        raise dg.Failure(
            f"The run's config sets the variable {variable!r}, whose value is the partition's key "
            f"({by_partition[variable]!r}). Leave it out of the config.",
            allow_retries=False,
        )
    return {**constants, **configured, **by_partition}


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


def _partition_values(context: dg.AssetExecutionContext, partition_variable: PartitionVariable) -> dict[str, str]:
    if partition_variable is None:
        return {}
    if isinstance(partition_variable, str):
        return {partition_variable: context.partition_key}
    dimensions = cast("dg.MultiPartitionKey", context.partition_key).keys_by_dimension
    return {variable: dimensions[dimension] for dimension, variable in partition_variable.items()}
