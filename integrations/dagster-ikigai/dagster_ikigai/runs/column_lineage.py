"""The column lineage of the datasets that a step wrote, as Dagster stores it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import dagster as dg

from dagster_ikigai.flows.column_lineage import column_source
from dagster_ikigai.metadata import APP, COLUMN_LINEAGE, COLUMN_SCHEMA, DATASET, FACET

if TYPE_CHECKING:
    from dagster_ikigai.flows.runnable import RunnableFlow
    from dagster_ikigai.runs.results import Result


def with_column_lineage(context: dg.AssetExecutionContext, flow: RunnableFlow, result: Result) -> Result:
    """Add the upstream columns of each column to a result, if the definition of the flow shows them."""
    spec = context.assets_def.get_asset_spec(result.key)
    source = column_source(flow.facets, spec.metadata.get(FACET, ""))
    schema = result.metadata.get(COLUMN_SCHEMA)
    upstream = None if source is None else _asset_of(context, flow, spec, source.dataset)
    if source is None or schema is None or upstream is None:
        return result
    names = [column.name for column in schema.columns]
    deps = {name: [dg.TableColumnDep(upstream, source.old_names.get(name, name))] for name in names}
    lineage = dg.TableColumnLineage(deps_by_column=deps)
    return replace(result, metadata={**result.metadata, COLUMN_LINEAGE: lineage})


def _asset_of(
    context: dg.AssetExecutionContext, flow: RunnableFlow, spec: dg.AssetSpec, dataset: str
) -> dg.AssetKey | None:
    """The upstream asset of a dataset: the one whose metadata names it, or the only one."""
    graph = context.op_execution_context.job_def.asset_layer.asset_graph
    keys = [dep.asset_key for dep in spec.deps]
    for key in keys:
        metadata = graph.get(key).metadata if graph.has(key) else {}
        if (metadata.get(APP), metadata.get(DATASET)) == (flow.app, dataset):
            return key
    # The output of the flow's own last run is not an upstream asset.
    return keys[0] if len(keys) == 1 and dataset not in flow.outputs.values() else None
