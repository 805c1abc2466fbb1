"""A flow definition: facets, the arrows between them, and the variables that a run may set."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, ValidationError

from ikigai_core.definition.files import read_file
from ikigai_core.errors import InvalidDefinition
from ikigai_core.validation import faults_of


class Facet(BaseModel):
    """One step of a flow."""

    facet_id: str
    facet_uid: str
    name: str = ""
    arguments: dict[str, Any] = {}


class Arrow(BaseModel):
    """Data going from one facet to another; the arguments tell which input or output is meant."""

    source: str
    destination: str
    arguments: dict[str, Any] = {}


class FlowVariable(BaseModel):
    """What a run variable replaces: an argument of a named facet."""

    model_config = ConfigDict(frozen=True)

    facet_name: str
    argument_name: str = Field(validation_alias=AliasChoices("argument_name", "name"), serialization_alias="name")


class FlowDefinition(BaseModel):
    """What a flow does."""

    facets: list[Facet] = []
    arrows: list[Arrow] = []
    arguments: dict[str, Any] = {}
    variables: dict[str, FlowVariable] = {}
    model_variables: dict[str, Any] = {}

    def to_dict(self) -> dict[str, Any]:
        """The wire's form."""
        return self.model_dump(by_alias=True, exclude={"arguments"})

    @classmethod
    def load(cls, source: str | Path | Mapping[str, Any]) -> Self:
        """Read what `to_dict`, `to_json` or `to_yaml` gave: a mapping, or the path of a JSON or YAML file.

        Raises
        ------
        InvalidInput
            The file does not exist.
        InvalidDefinition
            It is no flow definition.
        """
        where, content = ("This", source) if isinstance(source, Mapping) else read_file(Path(source))
        try:
            return cls.model_validate(content)
        except ValidationError as error:
            raise InvalidDefinition(f"{where} is not a flow definition: {faults_of(error)}") from None

    def to_json(self) -> str:
        """The wire's form as JSON."""
        return json.dumps(self.to_dict(), indent=2, ensure_ascii=False)

    def to_yaml(self) -> str:
        """The wire's form as YAML."""
        import yaml

        return str(yaml.safe_dump(self.to_dict(), sort_keys=False, allow_unicode=True))

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

        Parameters
        ----------
        variables : mapping, optional
            Run variables: the datasets that a run with them imports.
        """
        return self._argument_values("dataset_id", variables or {})

    def exported(self, variables: Mapping[str, Any] | None = None) -> list[str]:
        """Names of the datasets that the flow exports, each once, in the order of its facets.

        Parameters
        ----------
        variables : mapping, optional
            Run variables: the names that a run with them gives.
        """
        return self._argument_values("dataset_name", variables or {})

    def _argument_values(self, argument: str, given: Mapping[str, Any]) -> list[str]:
        replaced = {
            variable.facet_name: given[name]
            for name, variable in self.variables.items()
            if variable.argument_name == argument and name in given
        }
        values = (replaced.get(facet.name) or facet.arguments.get(argument) for facet in self.facets)
        return list(dict.fromkeys(str(value) for value in values if value))
