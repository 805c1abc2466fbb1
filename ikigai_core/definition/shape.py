"""Check whether a definition can run: the connections of its facets, their order, and their arguments."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from graphlib import CycleError, TopologicalSorter
from typing import TYPE_CHECKING

from ikigai_core.errors import InvalidDefinitionError
from ikigai_core.specs.facet import FacetType

if TYPE_CHECKING:
    from ikigai_core.definition.definition import Arrow, Facet, FlowDefinition


def parents(definition: FlowDefinition) -> dict[str, list[Arrow]]:
    """The arrows to each facet, by its id, in the definition's order.

    Raises
    ------
    InvalidDefinitionError
        Two facets have the same id, or an arrow refers to a facet that does not exist.
    """
    into: dict[str, list[Arrow]] = {}
    for facet in definition.facets:
        if facet.facet_id in into:
            raise InvalidDefinitionError(f"Two facets have the id {facet.facet_id!r}.")
        into[facet.facet_id] = []
    for arrow in definition.arrows:
        for end in (arrow.source, arrow.destination):
            if end not in into:
                raise InvalidDefinitionError(
                    f"An arrow leads from {arrow.source!r} to {arrow.destination!r}: no {end!r}."
                )
        into[arrow.destination].append(arrow)
    return into


def ordered(definition: FlowDefinition) -> list[Facet]:
    """The facets, each after the facets that it depends on.

    Raises
    ------
    InvalidDefinitionError
        The facets depend on each other in a circle.
    """
    by_id = {facet.facet_id: facet for facet in definition.facets}
    graph = {facet_id: [arrow.source for arrow in arrows] for facet_id, arrows in parents(definition).items()}
    try:
        return [by_id[facet_id] for facet_id in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        circle = " → ".join(definition.facet_name(facet_id) for facet_id in reversed(error.args[1]))
        raise InvalidDefinitionError(f"Facets depend on each other in a circle: {circle}.") from None


def shape_faults(definition: FlowDefinition, types: Mapping[str, FacetType]) -> Iterator[str]:
    """List the faults in a definition's shape that will make its runs fail, one sentence each.

    Parameters
    ----------
    types : mapping of str to FacetType
        Types by facet id. An arrow to an input facet is allowed, as on the platform.
    """
    children = dict.fromkeys(types, 0)
    for arrow in definition.arrows:
        children[arrow.source] += 1
    for facet_id, arrows in parents(definition).items():
        required = types[facet_id].facet_requirement
        most = len(arrows) if types[facet_id].chain_group == "INPUT" else required.max_parent_count
        faults = [
            _fault("comes after", len(arrows), required.min_parent_count, most),
            _fault("is followed by", children[facet_id], required.min_child_count, required.max_child_count),
        ]
        for fault in filter(None, faults):
            yield f"{types[facet_id].title} facet {definition.facet_name(facet_id)!r} {fault}"


def missing_arguments(definition: FlowDefinition, types: Mapping[str, FacetType]) -> Iterator[str]:
    """List missing arguments, one sentence each. Arguments with a run variable or a default are not missing.

    Parameters
    ----------
    types : mapping of str to FacetType
        Types by facet id.
    """
    given = {(variable.facet_name, variable.argument_name) for variable in definition.variables.values()}
    for facet in definition.facets:
        for name, spec in types[facet.facet_id].facet_arguments.items():
            is_given = facet.arguments.get(name) is not None or (name == "dataset_id" and facet.dataset is not None)
            is_open = spec.is_required and spec.default_value is None and not is_given
            if is_open and (facet.name, name) not in given:
                title = types[facet.facet_id].title
                yield f"{title} facet {facet.name or facet.facet_id!r} needs the argument {name!r}."


def variable_faults(definition: FlowDefinition) -> Iterator[str]:
    """List faults of a definition's run variables, one sentence each."""
    counts = Counter(facet.name for facet in definition.facets)
    for name, variable in definition.variables.items():
        count = counts[variable.facet_name]
        if count != 1:
            which = f"{count or 'no'} facets of that name"
            yield f"Variable {name!r} is for an argument of facet {variable.facet_name!r}, and there are {which}."


def _fault(relation: str, count: int, least: int, most: int) -> str:
    if least <= count <= most:
        return ""
    facets = "1 facet" if count == 1 else f"{count or 'no'} facets"
    needed = f"at least {least}" if count < least else f"at most {most}"
    return f"{relation} {facets}, and needs {needed}."
