"""Write a flow's definition as a document: with names instead of the ids of one platform."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from ikigai_core.definition.definition import Facet, FlowDefinition
from ikigai_core.definition.document import DefinitionDocument
from ikigai_core.definition.shape import parents
from ikigai_core.errors import DefinitionWarning, InvalidDefinitionError
from ikigai_core.specs.facet import FacetType, FacetTypes
from ikigai_core.specs.model import ModelTypes, SubModelType

if TYPE_CHECKING:
    from ikigai_core.definition.document_facet import DocumentFacet

_CUSTOM = "custom_facet_id"
_SETTINGS = ("parameters", "hyperparameters")


@dataclass(frozen=True)
class Names:
    """The names of the components that definitions refer to by id.

    Attributes
    ----------
    datasets, directories, custom_facets, versions : mapping of str to str
        Names by id. That of a directory is its path; that of a version is the version's of its custom facet.
    models : mapping of str to SubModelType
        The types of the app's models, by the models' names.
    """

    datasets: Mapping[str, str] = field(default_factory=dict)
    directories: Mapping[str, str] = field(default_factory=dict)
    custom_facets: Mapping[str, str] = field(default_factory=dict)
    versions: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[str, SubModelType] = field(default_factory=dict)


def model_types_of(models: Mapping[str, tuple[str, str]], model_types: ModelTypes) -> dict[str, SubModelType]:
    """The types of models, from their names: pairs of a type and a sub-model type. Unknown types are left out."""
    found = {}
    for name, path in models.items():
        try:
            found[name] = model_types.find(".".join(path))
        except InvalidDefinitionError:
            continue
    return found


def by_names(definition: FlowDefinition, facet_types: FacetTypes, names: Names) -> DefinitionDocument:
    """The definition as a document, which means the same in another app or account.

    Warns
    -----
    DefinitionWarning
        A facet refers by id to something that has no name here, such as a connector.

    Raises
    ------
    InvalidDefinitionError
        A name is missing, or a facet cannot be written as part of a document.
    """
    keys = _keys(definition)
    by_name = [facet.name for facet in definition.facets]
    for name, variable in definition.variables.items():
        if by_name.count(variable.facet_name) != 1:
            raise InvalidDefinitionError(
                f"Variable {name!r} is for facet {variable.facet_name!r}, and not exactly one facet has this name."
            )
    into = parents(definition)
    facets: dict[str, DocumentFacet | dict[str, Any]] = {}
    for facet in definition.facets:
        after = [{"facet": keys[arrow.source], **arrow.arguments} for arrow in into[facet.facet_id]]
        variables = {
            name: variable.argument_name
            for name, variable in definition.variables.items()
            if variable.facet_name == facet.name
        }
        key = keys[facet.facet_id]
        named = {} if key == facet.name else {"name": facet.name}
        content = _Writer(facet, key, facet_types, names).content()
        facets[key] = {**content, **named, "after": after, "variables": variables}
    return DefinitionDocument.load({"facets": facets, "model_variables": definition.model_variables})


def _keys(definition: FlowDefinition) -> dict[str, str]:
    """A name for each facet in the document, by its id: the facet's own name if it has one to itself."""
    keys: dict[str, str] = {}
    own = [facet.name for facet in definition.facets]
    taken = {name for name in own if own.count(name) == 1}
    for facet in definition.facets:
        base = key = facet.name or "facet"
        number = 1
        while key in keys.values() or (key in taken and key != facet.name):
            number += 1
            key = f"{base} {number}"
        keys[facet.facet_id] = key
    return keys


class _Writer:
    """Writes one facet."""

    def __init__(self, facet: Facet, key: str, facet_types: FacetTypes, names: Names) -> None:
        self._facet = facet
        self._key = key
        self._names = names
        self._arguments = dict(facet.arguments)
        try:
            self._type: FacetType = facet_types.find_by_uid(facet.facet_uid)
        except KeyError:
            raise self._fault(f"is of type {facet.facet_uid}, which the platform does not offer") from None

    def content(self) -> dict[str, Any]:
        """The facet as part of a document, without its name, its parents and its variables."""
        content: dict[str, Any] = {"type": f"{self._type.chain_group}.{self._type.title.replace(' ', '')}"}
        if self._facet.dataset is not None:
            content["dataset"] = self._facet.dataset
        elif self._arguments.get("dataset_id"):
            content["dataset"] = self._name_of("dataset", self._arguments.pop("dataset_id"), self._names.datasets)
        if self._is_directory:
            content["directory"] = self._name_of("directory", self._arguments.pop("directory"), self._names.directories)
        if _CUSTOM in self._arguments:
            content |= self._custom_facet()
        content |= self._model()
        self._warn_of_ids()
        return {**content, "arguments": self._arguments}

    @property
    def _is_directory(self) -> bool:
        return bool(self._arguments.get("directory")) and "dataset_name" in self._type.facet_arguments

    def _custom_facet(self) -> dict[str, Any]:
        custom_facet_id = self._arguments.pop(_CUSTOM)
        version_id = self._arguments.pop("version_id", "")
        given = self._arguments.pop("arguments", None) or []
        self._arguments |= {argument["name"]: argument["value"] for argument in given}
        content = {"custom_facet": self._name_of("custom facet", custom_facet_id, self._names.custom_facets)}
        if version_id:
            content["version"] = self._name_of("version of a custom facet", version_id, self._names.versions)
        return content

    def _model(self) -> dict[str, Any]:
        """The model's type and its settings, so that they are checked when the document is read."""
        model_type = self._names.models.get(str(self._arguments.get("model_name")))
        if not self._type.is_ml_facet() or model_type is None:
            return {}
        groups = {spec.hyperparameter_group for spec in model_type.hyperparameters.values()} - {None}
        settings = {name: dict(self._arguments.pop(name, None) or {}) for name in _SETTINGS}
        for group in sorted(map(str, groups)):
            held = self._arguments.pop(group, None) or {}
            settings["hyperparameters"] |= held[0] if isinstance(held, list) else held
        return {"model": f"{model_type.model_type}.{model_type.sub_model_type}", **settings}

    def _warn_of_ids(self) -> None:
        for name in self._arguments:
            if name.endswith("_id") and name in self._type.facet_arguments:
                text = f"Facet {self._key!r} refers to its {name} by id, which means nothing in another app or account."
                warnings.warn(text, DefinitionWarning, stacklevel=2)

    def _name_of(self, word: str, id: str, names: Mapping[str, str]) -> str:
        if id not in names:
            raise self._fault(f"refers to the {word} with the id {id!r}, which does not exist")
        name = names[id]
        if list(names.values()).count(name) > 1 and names is not self._names.versions:
            raise self._fault(f"refers to one of several {word}s that are named {name!r}: rename all but one")
        return name

    def _fault(self, what: str) -> InvalidDefinitionError:
        return InvalidDefinitionError(f"Facet {self._key!r} {what}. So it cannot be written by names.")
