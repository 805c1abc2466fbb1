"""A flow definition as a graph: facets, connections, checks of its shape, and the order of execution."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

from ikigai_core.local.engine.errors import FlowError, did_you_mean
from ikigai_core.local.specs import facet_specs_by_uid
from ikigai_core.local.specs.facet_specs import FacetSpec


@dataclass(frozen=True)
class Arrow:
    """A connection that carries a table from one facet to another."""

    source: str
    destination: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True)
class Facet:
    """A facet of the definition, with its spec."""

    facet_id: str
    name: str
    arguments: Mapping[str, Any]
    spec: FacetSpec

    @property
    def facet_type(self) -> str:
        """Name of the facet type, such as DROP_COLUMNS."""
        return str(self.spec["facet_info"]["facet_type"])

    @property
    def chain_group(self) -> str:
        """INPUT, MID or OUTPUT."""
        return str(self.spec["facet_info"]["chain_group"])

    @property
    def title(self) -> str:
        """Name of the facet in messages: its type and its name, or its id if it has no name."""
        kind = self.facet_type.replace("_", " ").title()
        return f"{kind} '{self.name}'" if self.name else f"{kind} (facet {self.facet_id})"

    def fails(self, reason: str) -> FlowError:
        """Return an error that names this facet."""
        return FlowError(f"{self.title}: {reason}", self.facet_id)


@dataclass(frozen=True)
class Graph:
    """Facets by id, in the order of the definition, and the arrows that carry tables."""

    facets: Mapping[str, Facet]
    arrows: tuple[Arrow, ...]
    variables: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, definition: Mapping[str, Any]) -> Graph:
        """Read a flow definition in wire format.

        Raises
        ------
        FlowError
            The definition is not a graph of known facets.
        """
        if not isinstance(definition, Mapping):
            raise FlowError("The flow definition is no mapping; give it 'facets' and 'arrows'.")
        facets: dict[str, Facet] = {}
        for entry in _mappings(definition, "facets"):
            facet = _facet(entry)
            if facet.facet_id in facets:
                raise facet.fails("another facet has the same facet_id; give each its own")
            facets[facet.facet_id] = facet
        if not facets:
            raise FlowError("The flow has no facets; add an input facet such as Imported, and what its data goes to.")
        arrows = (_arrow(entry, facets) for entry in _mappings(definition, "arrows"))
        variables = definition.get("variables") or {}
        # An arrow into an input facet carries nothing. Builders draw such arrows between chained inputs.
        carrying = tuple(arrow for arrow in arrows if facets[arrow.destination].chain_group != "INPUT")
        return cls(facets, carrying, variables if isinstance(variables, Mapping) else {})

    def parents(self, facet: Facet) -> list[Arrow]:
        """Return the arrows into a facet, in the order of the definition."""
        return [arrow for arrow in self.arrows if arrow.destination == facet.facet_id]

    def children(self, facet: Facet) -> list[Arrow]:
        """Return the arrows out of a facet."""
        return [arrow for arrow in self.arrows if arrow.source == facet.facet_id]

    def in_order(self) -> list[Facet]:
        """Return the facets in an order of execution: each after its inputs.

        Raises
        ------
        FlowError
            The arrows form a cycle.
        """
        sorter: TopologicalSorter[str] = TopologicalSorter(dict.fromkeys(self.facets, ()))
        for arrow in self.arrows:
            sorter.add(arrow.destination, arrow.source)
        try:
            return [self.facets[facet_id] for facet_id in sorter.static_order()]
        except CycleError as error:
            # graphlib lists the nodes against the direction of the arrows.
            circle = [self.facets[facet_id] for facet_id in reversed(error.args[1])]
            way = " -> ".join(facet.title for facet in circle)
            raise circle[0].fails(f"the arrows run in a circle ({way}); remove one of them") from None

    def check_shape(self) -> None:
        """Check the number of parents and children of every facet against its spec.

        Raises
        ------
        FlowError
            A facet has too few or too many.
        """
        for facet in self.facets.values():
            requirement = facet.spec["facet_requirement"]
            parents, children = len(self.parents(facet)), len(self.children(facet))
            if parents < requirement["min_parent_count"]:
                raise facet.fails(f"it needs {_inputs(requirement, 'parent')}, but {_has(parents)}; {_MORE_PARENTS}")
            if parents > requirement["max_parent_count"]:
                raise facet.fails(f"it takes {_inputs(requirement, 'parent')}, but {_has(parents)}; {_FEWER_PARENTS}")
            if children < requirement["min_child_count"]:
                raise facet.fails("no facet takes its data; add one after it, such as Exported")
            if children > requirement["max_child_count"]:
                raise facet.fails("it gives no data, so no facet can come after it; remove the arrow out of it")


_MORE_PARENTS = "add an arrow from the facet whose data it should take"
_FEWER_PARENTS = "remove arrows into it, or put a Union or a Join before it"


def _inputs(requirement: Mapping[str, int], kind: str) -> str:
    least, most = requirement[f"min_{kind}_count"], requirement[f"max_{kind}_count"]
    if least == most:
        return f"exactly {least} input" + ("" if least == 1 else "s")
    return f"at least {least} input" + ("" if least == 1 else "s") if most > 99 else f"{least} to {most} inputs"


def _has(count: int) -> str:
    return "it has none" if not count else f"it has {count}"


def _mappings(definition: Mapping[str, Any], key: str) -> Iterator[Mapping[str, Any]]:
    entries = definition.get(key)
    if entries is None:
        return
    if not isinstance(entries, list):
        raise FlowError(f"The flow definition's '{key}' is no list.")
    for entry in entries:
        if not isinstance(entry, Mapping):
            raise FlowError(f"The flow definition's '{key}' holds {entry!r}, which is no mapping.")
        yield entry


def _facet(entry: Mapping[str, Any]) -> Facet:
    facet_id, uid, name = (str(entry.get(key) or "") for key in ("facet_id", "facet_uid", "name"))
    if not facet_id:
        raise FlowError(f"Facet '{name or uid}' has no facet_id; give it one that is unique in the definition.")
    spec = facet_specs_by_uid().get(uid)
    if spec is None:
        known = sorted(facet_specs_by_uid())
        called = f"'{name}' ({facet_id})" if name else facet_id
        raise FlowError(f"Facet {called}: there is no facet type with uid '{uid}'{did_you_mean(uid, known)}", facet_id)
    arguments = entry.get("arguments") or {}
    if not isinstance(arguments, Mapping):
        raise FlowError(f"Facet '{name or facet_id}': its arguments are no mapping.", facet_id)
    return Facet(facet_id, name, arguments, spec)


def _arrow(entry: Mapping[str, Any], facets: Mapping[str, Facet]) -> Arrow:
    ends = {key: str(entry.get(key) or "") for key in ("source", "destination")}
    for key, facet_id in ends.items():
        if facet_id not in facets:
            other = facets.get(ends["destination" if key == "source" else "source"])
            known = other.facet_id if other else ""
            of_whom = f"An arrow of {other.title}" if other else "An arrow"
            raise FlowError(
                f"{of_whom} has as its {key} the facet '{facet_id}', which the flow lacks; "
                "remove the arrow or add the facet.",
                known,
            )
    arguments = entry.get("arguments") or {}
    if not isinstance(arguments, Mapping):
        raise FlowError(f"The arrow from {facets[ends['source']].title} has arguments that are no mapping.")
    return Arrow(ends["source"], ends["destination"], arguments)
