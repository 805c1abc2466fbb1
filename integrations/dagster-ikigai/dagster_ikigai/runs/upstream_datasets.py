"""The datasets that upstream assets really wrote, for the Imported facets of a flow.

A flow's definition names the dataset that a facet imports. The upstream asset may write another one: a dataset for each
partition, or one that its run variables name. The run then gets the right one by a run variable.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

import dagster as dg

from dagster_ikigai.metadata import APP, DATASET, DATASET_TEMPLATE
from dagster_ikigai.runs.variables import PARTITION, partition_dataset

if TYPE_CHECKING:
    from dagster_ikigai.flows.runnable import RunnableFlow
    from ikigai_core import Ikigai


class UpstreamDataset(NamedTuple):
    """A dataset that a run has to read in place of the one that the flow's definition names.

    Attributes
    ----------
    facet : str
        Id of the Imported facet.
    name : str
        Name of the dataset.
    asset_key : AssetKey
        The asset that wrote it.
    """

    facet: str
    name: str
    asset_key: dg.AssetKey


def upstream_variables(
    context: dg.AssetExecutionContext, ikigai: Ikigai, flow: RunnableFlow, variables: Mapping[str, Any]
) -> dict[str, str]:
    """The run variables that name what upstream assets wrote, as ids. Sends nothing if the definition names it.

    Raises
    ------
    Failure
        The flow cannot read it. Nothing was started.
    """
    from ikigai_core.orchestration import find_dataset

    given: dict[str, str] = {}
    by_facet = flow.input_variables()
    open_facets = [facet for facet in flow.facets if by_facet.get(facet) not in variables]
    for facet, name, key in _upstream_datasets(context, flow, open_facets):
        if facet not in by_facet:
            raise dg.Failure(f"{flow!r}: {_unreadable(flow, facet, name, key)}", allow_retries=False)
        given[by_facet[facet]] = ikigai.run(find_dataset(ikigai, flow.app, name)).dataset_id
    return given


def check_upstream(flow: RunnableFlow, specs: Iterable[dg.AssetSpec], written: Iterable[dg.AssetSpec]) -> None:
    """Check while definitions load that a flow can read what the flows upstream write.

    Parameters
    ----------
    flow : RunnableFlow
    specs : iterable of AssetSpec
        The flow's assets.
    written : iterable of AssetSpec
        The assets of all flows that write something else than their definition names.

    Raises
    ------
    DagsterInvalidDefinitionError
        A facet imports a dataset by a name that the upstream asset does not write.
    """
    by_facet = flow.input_variables()
    upstream = {dep.asset_key for spec in specs for dep in spec.deps}
    elsewhere = [spec for spec in written if spec.key in upstream]
    for facet, content in flow.facets.items():
        for spec in elsewhere:
            name = spec.metadata[DATASET_TEMPLATE]
            is_read = (flow.app, content.reads) == (spec.metadata.get(APP), spec.metadata.get(DATASET))
            if is_read and name != content.reads and facet not in by_facet:
                raise dg.DagsterInvalidDefinitionError(f"{flow!r}: {_unreadable(flow, facet, name, spec.key)}")


def _unreadable(flow: RunnableFlow, facet: str, name: str, key: dg.AssetKey) -> str:
    """Why a flow cannot read what an upstream asset wrote, and what to do."""
    named = flow.facets[facet]
    return (
        f"Facet {named.label!r} imports dataset {named.reads!r}, but the upstream asset {key.to_user_string()!r} "
        f"writes {name!r}. Give the facet a run variable for its dataset, which is then set for each run: "
        "`variables: {source: dataset_id}`."
    )


def _upstream_datasets(
    context: dg.AssetExecutionContext, flow: RunnableFlow, facets: Sequence[str]
) -> Iterator[UpstreamDataset]:
    upstream = dict(_upstream_assets(context))
    for facet in facets:
        content = flow.facets[facet]
        found: dict[str, dg.AssetKey] = {}
        for input_name, node in upstream.items():
            if content.reads and (flow.app, content.reads) == (node.metadata.get(APP), node.metadata.get(DATASET)):
                found[_dataset(context, flow, input_name, node)] = node.key
        if len(found) > 1:
            raise dg.Failure(
                f"{flow!r}: facet {content.label!r} imports dataset {content.reads!r}, for which the upstream assets "
                f"write {', '.join(map(repr, found))}: which one is meant is not known.",
                allow_retries=False,
            )
        for name, key in found.items():
            if name != content.reads:
                yield UpstreamDataset(facet, name, key)


def _upstream_assets(context: dg.AssetExecutionContext) -> Iterator[tuple[str, Any]]:
    graph = context.op_execution_context.job_def.asset_layer.asset_graph
    for input_name, key in context.assets_def.keys_by_input_name.items():
        if graph.has(key):
            yield input_name, graph.get(key)


def _dataset(context: dg.AssetExecutionContext, flow: RunnableFlow, input_name: str, node: Any) -> str:
    template = str(node.metadata.get(DATASET_TEMPLATE) or node.metadata[DATASET])
    if PARTITION not in template or node.partitions_def is None:
        return template
    keys = list(context.asset_partition_keys_for_input(input_name))
    if len(keys) != 1:
        raise dg.Failure(
            f"{flow!r}: the upstream asset {node.key.to_user_string()!r} writes a dataset for each partition, and this "
            f"step depends on {len(keys)} of its partitions. A facet imports one dataset: give both the same "
            "partitions, or let an asset between them put the partitions into one dataset.",
            allow_retries=False,
        )
    return partition_dataset(template, node.metadata[DATASET], keys[0])
