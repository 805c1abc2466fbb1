"""From what people give as a flow's definition to the definition itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from ikigai_core.api import flows
from ikigai_core.components.finding import find_only
from ikigai_core.components.kinds import Kind, datasets_of
from ikigai_core.definition.definition import FlowDefinition
from ikigai_core.definition.document import DefinitionDocument
from ikigai_core.errors import InvalidDefinition, WrongArgumentType, did_you_mean
from ikigai_core.procedure import Procedure, ask
from ikigai_core.specs.facet import FacetTypes

Definition = FlowDefinition | DefinitionDocument | Mapping[str, Any] | str | Path
"""A definition, a document, a mapping of either form, or the path of a document's file."""


@dataclass(frozen=True)
class CopyOf:
    """The definition that a flow has when it is copied."""

    flow_id: str


class SpecsHolder(Protocol):
    """What resolving needs of a client."""

    def facet_types_text(self) -> Procedure[FacetTypes]:
        """The platform's facet types."""
        ...


def check_form(definition: object) -> None:
    """Refuse what is no definition in any form.

    Raises
    ------
    WrongArgumentType
    """
    if not isinstance(definition, FlowDefinition | DefinitionDocument | Mapping | str | Path):
        raise WrongArgumentType(
            f"Definition was of type {type(definition).__name__}, but must be a FlowDefinition, a Flow, "
            "a DefinitionDocument, a mapping or a path."
        )


def resolve(
    definition: Definition | CopyOf, client: SpecsHolder, app_id: str, app_name: str
) -> Procedure[FlowDefinition]:
    """The definition that is meant.

    Raises
    ------
    InvalidDefinition
        Naming what is wrong with it, the datasets that the app lacks included.
    """
    if isinstance(definition, FlowDefinition):
        return definition
    if isinstance(definition, CopyOf):
        record = yield from ask(flows.fetch(definition.flow_id))
        return FlowDefinition.model_validate(record["definition"])
    if isinstance(definition, Mapping) and isinstance(definition.get("facets"), list):
        return FlowDefinition.load(definition)
    check_form(definition)
    document = DefinitionDocument.load(definition)
    facet_types = yield from client.facet_types_text()
    dataset_ids = {}
    for facet, name in document.inputs.items():
        dataset_ids[name] = yield from _dataset_id(datasets_of(app_id, app_name), facet, name)
    return document.resolve(facet_types, dataset_ids)


def _dataset_id(kind: Kind, facet: str, name: str) -> Procedure[str]:
    record = yield from find_only(kind, name)
    if record is None:
        known = yield from ask(kind.listing(None))
        hint = did_you_mean(name, (entry["name"] for entry in known.records))
        raise InvalidDefinition(f"Facet {facet!r}: there is no dataset {name!r} {kind.place}. {hint}")
    return str(record["dataset_id"])
