"""The facets of a flow for the asset graph: their inputs, outputs, trained models and order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

from dagster_ikigai.flows.passing_columns import renamed_columns

if TYPE_CHECKING:
    from ikigai_core import DefinitionDocument, FlowDefinition

Kind = Literal["dataset", "model", "flow"]


class Component(NamedTuple):
    """A dataset or model of an app, or a flow that writes neither."""

    kind: Kind
    name: str


class Output(NamedTuple):
    """A component that a facet writes."""

    facet: str
    component: Component


@dataclass(frozen=True)
class FlowFacet:
    """One facet.

    Attributes
    ----------
    label : str
        Name for display.
    reads, writes : str or None
        Names of the datasets that it imports and exports.
    model : str or None
        Name of the model that it uses or trains.
    trains : bool
        Whether it trains a new version of that model.
    after : tuple of str
        Ids of the facets whose output it reads.
    renamed : mapping of str to str, or None
        Old names by new names, for the columns that it renames. None if it may create columns.
    """

    label: str
    reads: str | None = None
    writes: str | None = None
    model: str | None = None
    trains: bool = False
    after: tuple[str, ...] = ()
    renamed: Mapping[str, str] | None = None


Facets = Mapping[str, FlowFacet]


class Target(NamedTuple):
    """The argument that a run variable sets."""

    facet: str
    argument: str


def facets_and_targets(
    definition: DefinitionDocument | FlowDefinition,
    dataset_names: Mapping[str, str] | None = None,
    facet_types: Mapping[str, str] | None = None,
) -> tuple[dict[str, FlowFacet], dict[str, Target]]:
    """The facets of a definition and the targets of its run variables. Facets of a document are identified by name.

    Parameters
    ----------
    definition : DefinitionDocument or FlowDefinition
    dataset_names : mapping, optional
        Names of datasets by id. Datasets that are missing here are named by their ids.
    facet_types : mapping, optional
        Types such as ``MID.Count``, by the uids that a `FlowDefinition` has in their place.
    """
    from ikigai_core import FlowDefinition

    if isinstance(definition, FlowDefinition):
        facets = _facets_of_definition(definition, dataset_names or {}, facet_types or {})
        return facets, _targets_of_definition(definition)
    targets = {
        variable: Target(facet, argument)
        for facet, content in definition.facets.items()
        for variable, argument in content.variables.items()
    }
    return _facets_of_document(definition), targets


def _targets_of_definition(definition: FlowDefinition) -> dict[str, Target]:
    ids = {facet.name: facet.facet_id for facet in definition.facets if facet.name}
    return {
        name: Target(ids[variable.facet_name], variable.argument_name)
        for name, variable in definition.variables.items()
        if variable.facet_name in ids
    }


def _facets_of_document(document: DefinitionDocument) -> dict[str, FlowFacet]:
    return {
        name: FlowFacet(
            label=name,
            reads=facet.dataset,
            after=tuple(parent for parent, _ in facet.after),
            renamed=renamed_columns(facet.type, facet.arguments, facet.variables.values()),
            **_arguments(facet.arguments),
        )
        for name, facet in document.facets.items()
    }


def _facets_of_definition(
    definition: FlowDefinition, dataset_names: Mapping[str, str], facet_types: Mapping[str, str]
) -> dict[str, FlowFacet]:
    parents: dict[str, list[str]] = {}
    variable: dict[str, list[str]] = {}
    for target in definition.variables.values():
        variable.setdefault(target.facet_name, []).append(target.argument_name)
    for arrow in definition.arrows:
        parents.setdefault(arrow.destination, []).append(arrow.source)
    return {
        facet.facet_id: FlowFacet(
            label=definition.facet_name(facet.facet_id),
            reads=facet.dataset or _dataset(facet.arguments, dataset_names),
            after=tuple(parents.get(facet.facet_id, ())),
            renamed=renamed_columns(
                facet_types.get(facet.facet_uid, ""), facet.arguments, variable.get(facet.name, ())
            ),
            **_arguments(facet.arguments),
        )
        for facet in definition.facets
    }


def outputs(facets: Facets) -> list[Output]:
    """The components that facets write, without duplicates: datasets first, then models."""
    found: dict[Component, str] = {}
    for name, facet in facets.items():
        if facet.writes:
            found.setdefault(Component("dataset", facet.writes), name)
    for name, facet in facets.items():
        if facet.model and facet.trains:
            found.setdefault(Component("model", facet.model), name)
    return [Output(facet, component) for component, facet in found.items()]


def inputs(facets: Facets, facet: str | None = None) -> list[Component]:
    """The components that a facet's output is made from. With None, all components that the facets read."""
    reached = set(facets) if facet is None else set(_ancestors(facets, facet))
    found: dict[Component, None] = {}
    for name, node in facets.items():
        if name in reached and node.reads:
            found[Component("dataset", node.reads)] = None
        if name in reached and node.model and not node.trains:
            found[Component("model", node.model)] = None
    return list(found)


def _ancestors(facets: Facets, facet: str) -> Iterator[str]:
    waiting, seen = [facet], set[str]()
    while waiting:
        name = waiting.pop()
        if name not in seen and name in facets:
            seen.add(name)
            yield name
            waiting.extend(facets[name].after)


def _arguments(arguments: Mapping[str, Any]) -> dict[str, Any]:
    written, model = arguments.get("dataset_name"), arguments.get("model_name")
    parameters = arguments.get("parameters")
    mode = parameters.get("mode") if isinstance(parameters, Mapping) else None
    return {
        "writes": str(written) if written else None,
        "model": str(model) if model else None,
        "trains": bool(model) and mode != "inference",
    }


def _dataset(arguments: Mapping[str, Any], dataset_names: Mapping[str, str]) -> str | None:
    dataset_id = arguments.get("dataset_id")
    return dataset_names.get(str(dataset_id), str(dataset_id)) if dataset_id else None
