"""Resolve a flow's definition from any form that users may give."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ikigai_core.api import flows
from ikigai_core.api.answers import Record
from ikigai_core.catalog.finding import get_by_name
from ikigai_core.catalog.kinds import Kind, custom_facets_of, datasets_of, models_of
from ikigai_core.components.custom_facet import CustomFacet, CustomFacetVersion
from ikigai_core.components.directory import directory_paths
from ikigai_core.components.ensuring import find_settled
from ikigai_core.definition.definition import FlowDefinition
from ikigai_core.definition.document import DefinitionDocument
from ikigai_core.definition.loading import load_definition
from ikigai_core.enums import DirectoryType
from ikigai_core.errors import InvalidDefinitionError, WrongArgumentTypeError, did_you_mean
from ikigai_core.procedure import Procedure, send
from ikigai_core.specs.facet import FacetTypes
from ikigai_core.specs.model import ModelTypes

Definition = FlowDefinition | DefinitionDocument | Mapping[str, Any] | str | Path
"""A definition, a document, a mapping in the format of either, or the path of a document's file."""


@dataclass(frozen=True)
class CopyOf:
    """The definition of another flow, fetched when it is needed."""

    flow_id: str


class SpecsHolder(Protocol):
    """The part of a client that resolving needs."""

    def facet_types_procedure(self) -> Procedure[FacetTypes]:
        """The platform's facet types."""
        ...

    def model_types_procedure(self) -> Procedure[ModelTypes]:
        """The platform's model types."""
        ...

    @property
    def user_email(self) -> str:
        """The email address of the user whose custom facets are used."""
        ...


def check_form(definition: object) -> None:
    """Refuse an object that is not a definition in any form.

    Raises
    ------
    WrongArgumentTypeError
    """
    if not isinstance(definition, FlowDefinition | DefinitionDocument | Mapping | str | Path):
        raise WrongArgumentTypeError(
            f"Definition was of type {type(definition).__name__}, but must be a FlowDefinition, a Flow, "
            "a DefinitionDocument, a mapping or a path."
        )


def resolve(
    definition: Definition | CopyOf, client: SpecsHolder, app_id: str, app_name: str
) -> Procedure[FlowDefinition]:
    """Resolve a definition to a `FlowDefinition`.

    Raises
    ------
    InvalidDefinitionError
        The message names the faults, including datasets that are missing in the app.
    """
    if isinstance(definition, CopyOf):
        record = yield from send(flows.fetch(definition.flow_id))
        return FlowDefinition.read(record)
    check_form(definition)
    wanted = load_definition(definition)
    place = datasets_of(app_id, app_name)
    if isinstance(wanted, FlowDefinition):
        by_name = {facet.name or facet.facet_id: facet.dataset for facet in wanted.facets if facet.dataset is not None}
        return wanted.with_dataset_ids((yield from _dataset_ids(place, by_name))) if by_name else wanted
    facet_types = yield from client.facet_types_procedure()
    has_models = any(facet.model is not None for facet in wanted.facets.values())
    yield from _check_models(models_of(app_id, app_name), wanted.models)
    return wanted.resolve(
        facet_types,
        (yield from _dataset_ids(place, wanted.inputs_by_name)),
        (yield from client.model_types_procedure()) if has_models else None,
        (yield from _custom_facets(wanted, client)),
        (yield from _directory_ids(wanted.directories, app_id, app_name)),
    )


def _check_models(place: Kind, by_facet: Mapping[str, str]) -> Procedure[None]:
    checked: set[str] = set()
    for facet, name in by_facet.items():
        if name not in checked:
            yield from _found(place, facet, name)
        checked.add(name)


def _directory_ids(by_facet: Mapping[str, str], app_id: str, app_name: str) -> Procedure[dict[str, str]]:
    if not by_facet:
        return {}
    paths = yield from directory_paths(DirectoryType.DATASET, app_id)
    ids: dict[str, str] = {}
    for facet, path in by_facet.items():
        same = [directory_id for directory_id, each in paths.items() if each == path]
        if not same:
            hint = did_you_mean(path, paths.values())
            raise InvalidDefinitionError(
                f"Facet {facet!r}: there is no directory of datasets {path!r} in app {app_name!r}. {hint}"
            )
        if len(same) > 1:
            raise InvalidDefinitionError(f"Facet {facet!r}: {len(same)} directories of datasets are named {path!r}.")
        ids[path] = same[0]
    return ids


def _dataset_ids(place: Kind, by_facet: Mapping[str, str]) -> Procedure[dict[str, str]]:
    ids: dict[str, str] = {}
    for facet, name in by_facet.items():
        if name not in ids:
            ids[name] = yield from _dataset_id(place, facet, name)
    return ids


def _dataset_id(kind: Kind, facet: str, name: str) -> Procedure[str]:
    return str((yield from _found(kind, facet, name))["dataset_id"])


def _found(kind: Kind, facet: str, name: str) -> Procedure[Record]:
    """The component with that name, which a facet refers to."""
    record = yield from find_settled(kind, name)
    if record is None:
        known = yield from send(kind.listing(None))
        hint = did_you_mean(name, (entry["name"] for entry in known.records))
        raise InvalidDefinitionError(f"Facet {facet!r}: there is no {kind.word} {name!r} {kind.place}. {hint}")
    return record


def _custom_facets(document: DefinitionDocument, client: SpecsHolder) -> Procedure[dict[str, CustomFacetVersion]]:
    found: dict[str, CustomFacetVersion] = {}
    for name, facet in document.facets.items():
        if facet.custom_facet is None:
            continue
        kind = custom_facets_of(client.user_email)
        record = yield from get_by_name(kind, facet.custom_facet)
        custom_facet = CustomFacet.bind((yield from kind.complete(record, client)), client)
        if facet.version is None:
            found[name] = yield from CustomFacet.unpinned.procedure(custom_facet)
            continue
        versions = yield from CustomFacet.versions.procedure(custom_facet)
        if facet.version not in versions:
            hint = did_you_mean(facet.version, versions)
            raise InvalidDefinitionError(
                f"Facet {name!r}: custom facet {facet.custom_facet!r} has no version {facet.version!r}. {hint}"
            )
        found[name] = versions[facet.version]
    return found
