"""The flows that a sensor looks at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import dagster as dg

from dagster_ikigai.flows.facets import Component, Output
from dagster_ikigai.metadata import APP, DATASET, FACET, FLOW, FLOW_ID, MODEL

if TYPE_CHECKING:
    from ikigai_core import Flow, NamedMapping


@dataclass(frozen=True)
class WatchedFlow:
    """A flow and its assets, from the asset specs.

    Attributes
    ----------
    app, name : str
        Names of the app and of the flow.
    flow_id : str or None
        Its id, if it is known.
    keys : mapping of str to AssetKey
        Asset key by facet.
    written : list of Output
        The outputs of the flow.
    """

    app: str
    name: str
    flow_id: str | None
    keys: Mapping[str, dg.AssetKey]
    written: list[Output]

    @property
    def id(self) -> str:
        """Its unique name in a cursor."""
        return self.flow_id or f"{self.app}/{self.name}"

    def among(self, flows: NamedMapping[Flow]) -> Flow | None:
        """Find the flow among others; None if it is missing."""
        if self.flow_id is None and self.name in flows:
            return flows[self.name]
        try:
            return flows.get_id(self.flow_id or self.name)
        except KeyError:
            return None


def watched_flows(assets: Iterable[dg.AssetsDefinition | dg.AssetSpec]) -> list[WatchedFlow]:
    """The flows of unpartitioned assets. For partitioned ones, the partition of a foreign run is not known."""
    found: dict[tuple[str, str, str | None], list[tuple[Output, dg.AssetKey]]] = {}
    for spec in _specs(assets):
        app, flow = spec.metadata.get(APP), spec.metadata.get(FLOW)
        if app is None or flow is None or spec.partitions_def is not None:
            continue
        output = Output(spec.metadata.get(FACET) or "", _component(spec))
        found.setdefault((app, flow, spec.metadata.get(FLOW_ID)), []).append((output, spec.key))
    flows = [
        WatchedFlow(*names, {output.facet: key for output, key in group}, [output for output, _ in group])
        for names, group in found.items()
    ]
    return sorted(flows, key=lambda flow: flow.id)


def _specs(assets: Iterable[dg.AssetsDefinition | dg.AssetSpec]) -> Iterator[dg.AssetSpec]:
    for asset in assets:
        if isinstance(asset, dg.AssetSpec):
            yield asset
        else:
            yield from asset.specs


def _component(spec: dg.AssetSpec) -> Component:
    if DATASET in spec.metadata:
        return Component("dataset", spec.metadata[DATASET])
    if MODEL in spec.metadata:
        return Component("model", spec.metadata[MODEL])
    return Component("flow", spec.metadata[FLOW])
