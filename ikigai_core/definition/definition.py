"""A flow definition: facets, the arrows between them, and the variables that a run may set."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    SerializerFunctionWrapHandler,
    ValidationError,
    model_serializer,
)

from ikigai_core.definition.files import json_text, read_file, yaml_text
from ikigai_core.errors import InvalidDefinitionError
from ikigai_core.records import OwnNames
from ikigai_core.validation import check_type, faults_of


class _Part(OwnNames, BaseModel):
    # What the platform keeps beside what is known here goes back to it as it is.
    model_config = ConfigDict(extra="allow", protected_namespaces=())


class Facet(_Part):
    """One step of a flow.

    Attributes
    ----------
    facet_id, facet_uid, name : str
    arguments : dict
    dataset : str or None
        Name of the dataset that it imports, as long as its id is not known: a flow that is built with the definition
        looks it up.
    """

    facet_id: str
    facet_uid: str
    name: str = ""
    arguments: dict[str, Any] = {}
    dataset: str | None = Field(default=None, repr=False)

    @model_serializer(mode="wrap")
    def _without_blanks(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = serialize(self)
        if self.dataset is None:
            content.pop("dataset", None)
        return content


class Arrow(_Part):
    """Data going from one facet to another; the arguments tell which input or output is meant."""

    source: str
    destination: str
    arguments: dict[str, Any] = {}


class FlowVariable(OwnNames, BaseModel):
    """What a run variable replaces: an argument of a named facet."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    facet_name: str
    argument_name: str = Field(validation_alias=AliasChoices("argument_name", "name"), serialization_alias="name")


class FlowDefinition(_Part):
    """What a flow does."""

    facets: list[Facet] = []
    arrows: list[Arrow] = []
    arguments: dict[str, Any] = {}
    variables: dict[str, FlowVariable] = {}
    model_variables: dict[str, Any] = {}

    def to_dict(self) -> dict[str, Any]:
        """The wire's form."""
        return self.model_dump(by_alias=True, exclude=None if self.arguments else {"arguments"})

    @classmethod
    def load(cls, source: str | Path | Mapping[str, Any]) -> Self:
        """Read what `to_dict`, `to_json` or `to_yaml` gave: a mapping, or the path of a JSON or YAML file.

        Raises
        ------
        InvalidInputError
            The file does not exist.
        InvalidDefinitionError
            It is no flow definition.
        """
        check_type(source, (Mapping, str, Path), "The definition", "a mapping, or a file's path")
        where, content = ("This", source) if isinstance(source, Mapping) else read_file(Path(source))
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise InvalidDefinitionError(f"{where} is not a flow definition: {faults_of(error)}") from None

    def to_json(self) -> str:
        """The wire's form as JSON."""
        return json_text(self.to_dict())

    def to_yaml(self) -> str:
        """The wire's form as YAML."""
        return yaml_text(self.to_dict())

    def to_mermaid(self, titles: Mapping[str, str] | None = None) -> str:
        """A picture as Mermaid text; `titles` says what to call facet types, by uid."""
        from ikigai_core.definition.picture import mermaid

        return mermaid(self, titles)

    def same_as(self, other: FlowDefinition) -> bool:
        """Whether another definition means the same: ids, and the order in which facets are listed, do not matter."""
        from ikigai_core.definition.meaning import same_meaning

        return same_meaning(self, other)

    def diff(self, other: FlowDefinition) -> list[str]:
        """What another definition does differently, in words; nothing where they mean the same."""
        from ikigai_core.definition.meaning import differences

        return differences(self, other)

    def facet_name(self, facet_id: str) -> str:
        """What to call a facet in a message: its name, or its uid where it has none."""
        for facet in self.facets:
            if facet.facet_id == facet_id:
                return facet.name or f"{facet.facet_uid} ({facet_id})"
        return facet_id

    def imported(self, variables: Mapping[str, Any] | None = None) -> list[str]:
        """Ids of the datasets that the flow imports, each once, in the order of its facets.

        A dataset that is referred to by its name, and was not looked up yet, is told by its name.

        Parameters
        ----------
        variables : mapping, optional
            Run variables: the datasets that a run with them imports.
        """
        given = self._replaced("dataset_id", variables)
        return _each_once(
            given.get(facet.name) or facet.arguments.get("dataset_id") or facet.dataset for facet in self.facets
        )

    def exported(self, variables: Mapping[str, Any] | None = None) -> list[str]:
        """Names of the datasets that the flow exports, each once, in the order of its facets.

        Parameters
        ----------
        variables : mapping, optional
            Run variables: the names that a run with them gives.
        """
        given = self._replaced("dataset_name", variables)
        return _each_once(given.get(facet.name) or facet.arguments.get("dataset_name") for facet in self.facets)

    def with_dataset_ids(self, dataset_ids: Mapping[str, str]) -> FlowDefinition:
        """The definition in which the datasets that it refers to by name are referred to by id."""
        facets = [
            facet
            if facet.dataset is None
            else facet.model_copy(
                update={"dataset": None, "arguments": {**facet.arguments, "dataset_id": dataset_ids[facet.dataset]}}
            )
            for facet in self.facets
        ]
        return self.model_copy(update={"facets": facets})

    def _replaced(self, argument: str, variables: Mapping[str, Any] | None) -> dict[str, Any]:
        """What run variables make of an argument, by the names of the facets that have it."""
        return {
            variable.facet_name: (variables or {})[name]
            for name, variable in self.variables.items()
            if variable.argument_name == argument and name in (variables or {})
        }


def _each_once(values: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(str(value) for value in values if value))
