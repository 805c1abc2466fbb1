"""A flow definition: facets, the arrows between them, and the variables that a run may set."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import AliasChoices, BaseModel, ConfigDict, Field


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

    def same_as(self, other: Mapping[str, Any]) -> bool:
        """Whether a definition in the wire's form says the same."""
        return self.to_dict() == FlowDefinition.model_validate(other).to_dict()

    def facet_name(self, facet_id: str) -> str:
        """What to call a facet in a message: its name, or its uid where it has none."""
        for facet in self.facets:
            if facet.facet_id == facet_id:
                return facet.name or f"{facet.facet_uid} ({facet_id})"
        return facet_id

    @property
    def dataset_ids(self) -> list[str]:
        """Ids of the datasets that the flow imports, in the order of its facets."""
        return [str(facet.arguments["dataset_id"]) for facet in self.facets if facet.arguments.get("dataset_id")]

    def output_names(self, variables: Mapping[str, Any] | None = None) -> list[str]:
        """Names of the datasets that the flow exports, in the order of its facets.

        Parameters
        ----------
        variables : mapping, optional
            Run variables: the names that a run with them gives.
        """
        given = variables or {}
        replaced = {
            (variable.facet_name, variable.argument_name): given[name]
            for name, variable in self.variables.items()
            if name in given
        }
        names = (
            replaced.get((facet.name, "dataset_name")) or facet.arguments.get("dataset_name") for facet in self.facets
        )
        return [str(name) for name in names if name]
