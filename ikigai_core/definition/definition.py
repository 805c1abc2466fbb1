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
from ikigai_core.records import OwnNames, read_as
from ikigai_core.validation import check_type, faults_of


class _Part(OwnNames, BaseModel):
    # Fields that this version does not know are kept, and sent back to the platform unchanged.
    model_config = ConfigDict(extra="allow", protected_namespaces=())


class Facet(_Part):
    """One step of a flow.

    Attributes
    ----------
    facet_id, facet_uid, name : str
    arguments : dict
    dataset : str or None
        Name of the dataset that it imports, until its id is known. The id is looked up when a flow is built with the
        definition.
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
    """A connection that passes data from one facet to another. The arguments name the input or output."""

    source: str
    destination: str
    arguments: dict[str, Any] = {}


class FlowVariable(OwnNames, BaseModel):
    """The target of a run variable: an argument of a named facet."""

    model_config = ConfigDict(frozen=True, protected_namespaces=())

    facet_name: str
    argument_name: str = Field(validation_alias=AliasChoices("argument_name", "name"), serialization_alias="name")


class FlowDefinition(_Part):
    """The definition of a flow."""

    facets: list[Facet] = []
    arrows: list[Arrow] = []
    arguments: dict[str, Any] = {}
    variables: dict[str, FlowVariable] = {}
    model_variables: dict[str, Any] = {}

    def to_dict(self) -> dict[str, Any]:
        """The definition in the platform's format."""
        return self.model_dump(by_alias=True, exclude=None if self.arguments else {"arguments"})

    @classmethod
    def load(cls, source: str | Path | Mapping[str, Any]) -> Self:
        """Read the output of `to_dict`, `to_json` or `to_yaml`: a mapping, or the path of a JSON or YAML file.

        Raises
        ------
        InvalidInputError
            The file does not exist.
        InvalidDefinitionError
            The data are not a flow definition.
        """
        check_type(source, (Mapping, str, Path), "The definition", "a mapping, or a file's path")
        where, content = ("This", source) if isinstance(source, Mapping) else read_file(Path(source))
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise InvalidDefinitionError(f"{where} is not a flow definition: {faults_of(error)}") from None

    @classmethod
    def read(cls, flow: Mapping[str, Any]) -> Self:
        """Read the definition in the platform's record of a flow.

        Raises
        ------
        UnexpectedAnswerError
        """
        return read_as(cls, flow.get("definition"), "pipeline.definition")

    def to_json(self) -> str:
        """The definition in the platform's format, as JSON."""
        return json_text(self.to_dict())

    def to_yaml(self) -> str:
        """The definition in the platform's format, as YAML."""
        return yaml_text(self.to_dict())

    def to_mermaid(self, titles: Mapping[str, str] | None = None) -> str:
        """A diagram as Mermaid text. `titles` gives names to facet types, by uid."""
        from ikigai_core.definition.picture import mermaid

        return mermaid(self, titles)

    def _repr_svg_(self) -> str:
        """The drawing that notebooks show."""
        from ikigai_core.definition.svg import svg

        facets = {
            each.facet_id: (each.name or str(each.arguments.get("dataset_name", "")) or each.facet_id, each.facet_uid)
            for each in self.facets
        }
        roles = [", ".join(map(str, each.arguments.values())) for each in self.arrows]
        ends = [(each.source, each.destination) for each in self.arrows]
        return svg(facets, [(*end, role) for end, role in zip(ends, roles, strict=True)])

    def same_as(self, other: FlowDefinition) -> bool:
        """True if another definition is equivalent. Ids and the order of facets do not matter."""
        from ikigai_core.definition.meaning import same_meaning

        return same_meaning(self, other)

    def diff(self, other: FlowDefinition) -> list[str]:
        """Describe the differences to another definition; empty if both are equivalent."""
        from ikigai_core.definition.meaning import differences

        return differences(self, other)

    def facet_name(self, facet_id: str) -> str:
        """The facet's name for messages: its name, or its uid if it has none."""
        for facet in self.facets:
            if facet.facet_id == facet_id:
                return facet.name or f"{facet.facet_uid} ({facet_id})"
        return facet_id

    def imported(self, variables: Mapping[str, Any] | None = None) -> list[str]:
        """Ids of the datasets that the flow imports, without duplicates, in the order of its facets.

        A dataset that is referred to by name, and whose id is not known yet, is listed by its name.

        Parameters
        ----------
        variables : mapping, optional
            Run variables: list the datasets that a run with them imports.
        """
        given = self._replaced("dataset_id", variables)
        return _each_once(
            given.get(facet.name) or facet.arguments.get("dataset_id") or facet.dataset for facet in self.facets
        )

    def exported(self, variables: Mapping[str, Any] | None = None) -> list[str]:
        """Names of the datasets that the flow exports, without duplicates, in the order of its facets.

        Parameters
        ----------
        variables : mapping, optional
            Run variables: list the names that a run with them uses.
        """
        given = self._replaced("dataset_name", variables)
        return _each_once(given.get(facet.name) or facet.arguments.get("dataset_name") for facet in self.facets)

    def with_dataset_ids(self, dataset_ids: Mapping[str, str]) -> FlowDefinition:
        """Copy the definition, with ids instead of the names of datasets."""
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
        """The values that run variables give to an argument, by the names of its facets."""
        return {
            variable.facet_name: (variables or {})[name]
            for name, variable in self.variables.items()
            if variable.argument_name == argument and name in (variables or {})
        }


def _each_once(values: Iterable[Any]) -> list[str]:
    return list(dict.fromkeys(str(value) for value in values if value))
