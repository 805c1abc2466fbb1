"""Whether a definition can run: who hangs on whom, in which order, and whether the facets have what they need."""

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
    """The arrows into each facet, by its id, in the definition's order.

    Raises
    ------
    InvalidDefinitionError
        Two facets share an id, or an arrow leads from or to no facet.
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
    """The facets, each after those that it hangs on.

    Raises
    ------
    InvalidDefinitionError
        Facets hang on each other in a circle.
    """
    by_id = {facet.facet_id: facet for facet in definition.facets}
    graph = {facet_id: [arrow.source for arrow in arrows] for facet_id, arrows in parents(definition).items()}
    try:
        return [by_id[facet_id] for facet_id in TopologicalSorter(graph).static_order()]
    except CycleError as error:
        circle = " → ".join(definition.facet_name(facet_id) for facet_id in reversed(error.args[1]))
        raise InvalidDefinitionError(f"Facets hang on each other in a circle: {circle}.") from None


def shape_faults(definition: FlowDefinition, types: Mapping[str, FacetType]) -> Iterator[str]:
    """What about a definition's shape will fail its runs, a sentence each.

    Parameters
    ----------
    types : mapping of str to FacetType
        By facet id. An arrow into an input facet is tolerated, as the platform does.
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
    """What the facets need and do not have, a sentence each; what a run variable gives, and what has a default, is had.

    Parameters
    ----------
    types : mapping of str to FacetType
        By facet id.
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
    """What about a definition's run variables will not do what it says, a sentence each."""
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
