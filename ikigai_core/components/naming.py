"""Find the names of the components that a flow's definition refers to by id."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from ikigai_core.api import custom_facets
from ikigai_core.api.answers import Record
from ikigai_core.catalog.kinds import Kind, custom_facets_of, datasets_of, models_of
from ikigai_core.catalog.listing import list_all
from ikigai_core.components.directory import directory_paths
from ikigai_core.components.resolving import SpecsHolder
from ikigai_core.definition.by_names import Names, by_names, model_types_of
from ikigai_core.definition.definition import FlowDefinition
from ikigai_core.definition.document import DefinitionDocument
from ikigai_core.definition.older import in_todays_form
from ikigai_core.enums import DirectoryType
from ikigai_core.procedure import Procedure, send


def document_of(definition: Record, client: SpecsHolder, app_id: str, app_name: str) -> Procedure[DefinitionDocument]:
    """A definition of the platform, as a document with names.

    Raises
    ------
    InvalidDefinitionError
        The definition is invalid, or refers to something that does not exist or has no name of its own.
    """
    names = yield from names_for([definition], client, app_id, app_name)
    return (yield from named(definition, client, names))


def named(definition: Record, client: SpecsHolder, names: Names) -> Procedure[DefinitionDocument]:
    """A definition of the platform, as a document with these names. Errors as for `document_of`."""
    facet_types = yield from client.facet_types_procedure()
    return by_names(FlowDefinition.load(in_todays_form(definition, facet_types)), facet_types, names)


def names_for(definitions: Iterable[Record], client: SpecsHolder, app_id: str, app_name: str) -> Procedure[Names]:
    """The names of all that some definitions refer to. Requests only the lists that are needed."""
    arguments = [facet.get("arguments") or {} for each in definitions for facet in each.get("facets", [])]
    datasets: dict[str, str] = {}
    if _has(arguments, "dataset_id"):
        datasets = yield from _names(datasets_of(app_id, app_name))
    places = {}
    if _has(arguments, "directory"):
        places = yield from directory_paths(DirectoryType.DATASET, app_id)
    models = {}
    if _has(arguments, "model_name"):
        models = yield from _models(client, app_id, app_name)
    facets, versions = yield from _custom_facets(arguments, client)
    return Names(datasets, places, facets, versions, models)


def _has(arguments: Iterable[Mapping[str, Any]], name: str) -> bool:
    return any(each.get(name) for each in arguments)


def _names(kind: Kind) -> Procedure[dict[str, str]]:
    listing = yield from list_all(kind)
    return {str(record[kind.id_key]): str(record["name"]) for record in listing.records}


def _models(client: SpecsHolder, app_id: str, app_name: str) -> Procedure[dict[str, Any]]:
    listing = yield from list_all(models_of(app_id, app_name))
    types = {str(each["name"]): (str(each["model_type"]), str(each["sub_model_type"])) for each in listing.records}
    return model_types_of(types, (yield from client.model_types_procedure()))


def _custom_facets(
    arguments: Iterable[Mapping[str, Any]], client: SpecsHolder
) -> Procedure[tuple[dict[str, str], dict[str, str]]]:
    used = {str(each["custom_facet_id"]) for each in arguments if each.get("custom_facet_id")}
    if not used:
        return {}, {}
    names = yield from _names(custom_facets_of(client.user_email))
    versions: dict[str, str] = {}
    for custom_facet_id in sorted(used & names.keys()):
        listing = yield from send(custom_facets.versions(custom_facet_id))
        versions |= {str(each["version_id"]): str(each["version"]) for each in listing.records}
    return names, versions
