"""The asset graph of several flows, and the rules for conflicts.

Dagster requires one producer for each asset and allows no cycles. The platform has neither rule. So:

- If several flows write the same dataset, the first one has the asset ``<app>/<dataset>``, and each other one has
  ``<app>/<dataset>/by/<flow>``. Readers of the dataset are downstream of all of them.
- A flow that reads its own output is not upstream of itself: it reads the output of its last run.
- In a cycle across flows, each flow is downstream only of the flows before it. The platform's flows are ordered by age.

Each decision is noted in the metadata and the description of the asset, and in the log.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from functools import cached_property
from typing import NamedTuple

import dagster as dg

from dagster_ikigai.assets.translator import (
    DagsterIkigaiTranslator,
    IkigaiDatasetProps,
    IkigaiFlowProps,
    IkigaiModelProps,
    IkigaiProps,
)
from dagster_ikigai.flows.facets import Component, Output
from dagster_ikigai.flows.runnable import RunnableFlow
from dagster_ikigai.metadata import FACET, FAULT, NOTE
from dagster_ikigai.naming import distinct_identifiers

_PROPS: dict[str, type[IkigaiProps]] = {
    "dataset": IkigaiDatasetProps,
    "model": IkigaiModelProps,
    "flow": IkigaiFlowProps,
}
_log = logging.getLogger("dagster_ikigai")


class Node(NamedTuple):
    """A component of an app that a flow writes."""

    flow: int
    app: str
    output: Output


class FlowGraph:
    """Asset specs of several flows.

    Parameters
    ----------
    flows : sequence of RunnableFlow
        In conflicts, earlier flows take precedence.
    translator : DagsterIkigaiTranslator, optional
        Determines keys and attributes.
    known : iterable of (app, Component), optional
        Further components, oldest first. Their identifiers are reserved, too.
    owners : mapping, optional
        Owner by app.
    """

    def __init__(
        self,
        flows: Sequence[RunnableFlow],
        translator: DagsterIkigaiTranslator | None = None,
        known: Iterable[tuple[str, Component]] = (),
        owners: dict[str, str] | None = None,
    ) -> None:
        self._flows = list(flows)
        self._translator = translator or DagsterIkigaiTranslator()
        self._owners = owners or {}
        self._nodes = [
            Node(number, flow.app, output)
            for number, flow in enumerate(self._flows)
            for output in flow.written_with({})
        ]
        self._apps = distinct_identifiers(flow.app for flow in self._flows)
        self._identifiers = self._distinct(known)
        self._writers: dict[tuple[str, Component], list[Node]] = {}
        for node in self._nodes:
            self._writers.setdefault((node.app, node.output.component), []).append(node)
        self._notes: dict[int, list[str]] = {}
        self._read_keys: dict[tuple[str, Component], dg.AssetKey] = {}
        self._base = {node: self._translated(node) for node in self._nodes}
        self._check_keys()

    @cached_property
    def specs(self) -> list[list[dg.AssetSpec]]:
        """The asset specs of each flow, in the order of the flows and of their facets."""
        specs: list[list[dg.AssetSpec]] = [[] for _ in self._flows]
        # Make all decisions first: each asset of a flow has all notes on the flow.
        upstream = [self._upstream(node) for node in self._nodes]
        for node, keys in zip(self._nodes, upstream, strict=True):
            specs[node.flow].append(self._finished(node, keys))
        for number, notes in self._notes.items():
            for note in dict.fromkeys(notes):
                _log.warning("%s: %s", self._flows[number], note)
        return specs

    def _finished(self, node: Node, upstream: list[dg.AssetKey]) -> dg.AssetSpec:
        flow, base = self._flows[node.flow], self._base[node]
        notes = list(dict.fromkeys(self._notes.get(node.flow, ())))
        remarks = [f"**Its flow cannot run:** {flow.fault}"] if flow.fault else []
        # After a run, the facet's id identifies the asset. Labels may not be unique.
        added = {FACET: node.output.facet, FAULT: flow.fault, NOTE: "\n".join(notes)}
        return base.replace_attributes(
            deps=[*base.deps, *(dg.AssetDep(key) for key in upstream)],
            metadata={**base.metadata, **{name: value for name, value in added.items() if value}},
            description="\n\n".join(text for text in (base.description, *remarks, *notes) if text) or None,
            code_version=base.code_version or flow.version,
        )

    def _upstream(self, node: Node) -> list[dg.AssetKey]:
        flow = self._flows[node.flow]
        facet = node.output.facet
        keys: dict[dg.AssetKey, None] = {}
        for component in flow.read if node.output.component.kind == "flow" else flow.read_for(facet):
            keys |= dict.fromkeys(self._producers(node.flow, flow.app, component))
        return [key for key in keys if key not in self._own_keys[node.flow]]

    def _producers(self, reader: int, app: str, component: Component) -> list[dg.AssetKey]:
        writers = self._writers.get((app, component), [])
        if not writers:
            return [self._read_key(app, component)]
        keys = []
        for writer in writers:
            if writer.flow == reader:
                self._note(
                    reader, f"It reads {component.kind} {component.name!r}, which it writes: what its last run wrote."
                )
            elif self._closes_a_cycle(writer.flow, reader):
                name = self._flows[writer.flow].name
                self._note(
                    reader,
                    f"It reads {component.kind} {component.name!r} of flow {name!r}, which itself needs what this flow "
                    "writes: a cycle. It reads the existing data, and is not downstream of it.",
                )
            else:
                keys.append(self._base[writer].key)
        return keys

    def _read_key(self, app: str, component: Component) -> dg.AssetKey:
        """Key of a component that none of the flows writes."""
        if (app, component) not in self._read_keys:
            self._read_keys[app, component] = self._translator.get_asset_spec(self._props(app, component)).key
        return self._read_keys[app, component]

    @cached_property
    def _own_keys(self) -> list[set[dg.AssetKey]]:
        keys: list[set[dg.AssetKey]] = [set() for _ in self._flows]
        for node, spec in self._base.items():
            keys[node.flow].add(spec.key)
        return keys

    def _note(self, flow: int, text: str) -> None:
        self._notes.setdefault(flow, []).append(text)

    @cached_property
    def _reads(self) -> list[set[int]]:
        """For each flow, the other flows whose output it reads."""
        found: list[set[int]] = []
        for number, flow in enumerate(self._flows):
            writers = (self._writers.get((flow.app, component), []) for component in flow.read)
            found.append({writer.flow for group in writers for writer in group} - {number})
        return found

    def _closes_a_cycle(self, writer: int, reader: int) -> bool:
        """Whether the writer comes after the reader and depends on it."""
        if writer < reader:
            return False
        waiting, seen = [writer], set[int]()
        while waiting:
            number = waiting.pop()
            if number == reader:
                return True
            if number not in seen:
                seen.add(number)
                waiting.extend(self._reads[number])
        return False

    def _distinct(self, known: Iterable[tuple[str, Component]]) -> dict[tuple[str, Component], str]:
        named: dict[tuple[str, str], dict[str, None]] = {}
        everything = [*known, *((node.app, node.output.component) for node in self._nodes)]
        everything += [(flow.app, component) for flow in self._flows for component in flow.read]
        everything += [(flow.app, Component("flow", flow.name)) for flow in self._flows]
        for app, component in everything:
            named.setdefault((app, component.kind), {})[component.name] = None
        return {
            (app, Component(kind, name)): unique  # type: ignore[arg-type]
            for (app, kind), names in named.items()
            for name, unique in distinct_identifiers(names).items()
        }

    def _props(self, app: str, component: Component, node: Node | None = None) -> IkigaiProps:
        unique = self._identifiers[app, component]
        plain = _PROPS[component.kind](app, component.name)
        path = [self._apps[app], *plain.key.path[1:-1], unique]
        if node is None:
            return _PROPS[component.kind](app, component.name, path=tuple(path))
        flow = self._flows[node.flow]
        writers = self._writers[app, component]
        if writers.index(node):
            path += self._written_by(node)
            others = ", ".join(repr(self._flows[other.flow].name) for other in writers if other is not node)
            self._note(node.flow, f"{component.kind.capitalize()} {component.name!r} is written by flow {others}, too.")
        facet = flow.facets[node.output.facet].label if node.output.facet else None
        return _PROPS[component.kind](app, component.name, flow.name, facet, tuple(path), self._owners.get(app))

    def _written_by(self, node: Node) -> list[str]:
        flow = self._flows[node.flow]
        name = self._identifiers[node.app, Component("flow", flow.name)]
        namesakes = [other for other in self._flows[: node.flow] if (other.app, other.name) == (flow.app, flow.name)]
        return ["by", f"{name}_{len(namesakes) + 1}" if namesakes else name]

    def _translated(self, node: Node) -> dg.AssetSpec:
        return self._translator.get_asset_spec(self._props(node.app, node.output.component, node))

    def _check_keys(self) -> None:
        owners: dict[dg.AssetKey, Node] = {}
        for node, spec in self._base.items():
            other = owners.setdefault(spec.key, node)
            if other is not node:
                first, second = (
                    f"{item.output.component.kind} {item.output.component.name!r} of {self._flows[item.flow]}"
                    for item in (other, node)
                )
                raise dg.DagsterInvalidDefinitionError(
                    f"The translator gives two assets the key {spec.key.to_user_string()!r}: {first}, and {second}. "
                    "Let it begin with what props.path has, or with the app's and the component's name."
                )
