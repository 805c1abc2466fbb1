"""The flows that a sensor looks at."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import dagster as dg

from dagster_ikigai.flows.facets import Component, Output
from dagster_ikigai.metadata import APP, DATASET, DATASET_TEMPLATE, FACET, FLOW, FLOW_ID, MODEL
from dagster_ikigai.runs.variables import PARTITION

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
    partitions_def : PartitionsDefinition or None
        Partitions of its assets.
    templates : mapping of str to str
        Template of the name of each partition's dataset, by facet.
    """

    app: str
    name: str
    flow_id: str | None
    keys: Mapping[str, dg.AssetKey]
    written: list[Output]
    partitions_def: dg.PartitionsDefinition[Any] | None = None
    templates: Mapping[str, str] = field(default_factory=dict)

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
    """The flows of assets. If a flow is partitioned, each of its partitions must have its own datasets."""
    found: dict[tuple[str, str, str | None], list[dg.AssetSpec]] = {}
    for spec in _specs(assets):
        app, flow = spec.metadata.get(APP), spec.metadata.get(FLOW)
        if app is not None and flow is not None and (spec.partitions_def is None or _template(spec)):
            found.setdefault((app, flow, spec.metadata.get(FLOW_ID)), []).append(spec)
    return sorted((_watched(names, specs) for names, specs in found.items()), key=lambda flow: flow.id)


def _watched(names: tuple[str, str, str | None], specs: list[dg.AssetSpec]) -> WatchedFlow:
    by_facet = {spec.metadata.get(FACET) or "": spec for spec in specs}
    return WatchedFlow(
        *names,
        keys={facet: spec.key for facet, spec in by_facet.items()},
        written=[Output(facet, _component(spec)) for facet, spec in by_facet.items()],
        partitions_def=specs[0].partitions_def,
        templates={facet: _template(spec) for facet, spec in by_facet.items() if _template(spec)},
    )


def _template(spec: dg.AssetSpec) -> str:
    template = str(spec.metadata.get(DATASET_TEMPLATE, ""))
    return template if PARTITION in template and spec.partitions_def is not None else ""


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
