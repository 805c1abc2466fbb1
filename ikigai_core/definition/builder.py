"""Build a flow definition facet by facet. Each addition is checked at once. Sends nothing."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from types import NoneType
from typing import TYPE_CHECKING, Any

from ikigai_core.definition.custom_facet import CustomFacetFacetBuilder
from ikigai_core.definition.definition import Arrow, FlowDefinition, FlowVariable
from ikigai_core.definition.facet_builder import FacetBuilder
from ikigai_core.definition.model_facet import ModelFacetBuilder
from ikigai_core.definition.shape import missing_arguments, ordered, shape_faults, variable_faults
from ikigai_core.errors import DefinitionWarning, InvalidDefinitionError
from ikigai_core.specs.facet import FacetType
from ikigai_core.specs.model import SubModelType
from ikigai_core.validation import check_type

if TYPE_CHECKING:
    from ikigai_core.components.custom_facet import CustomFacetVersion


def _given(args: Mapping[str, Any] | None) -> Mapping[str, Any]:
    check_type(args, (Mapping, NoneType), "args", "a mapping")
    return args or {}


class FlowDefinitionBuilder:
    """Collects facets and builds a definition from them."""

    def __init__(self) -> None:
        self._facets: list[FacetBuilder] = []
        self._variables: dict[str, FlowVariable] = {}

    def __repr__(self) -> str:
        return f"<{type(self).__name__}: {', '.join(facet._title for facet in self._facets) or 'no facets yet'}>"

    def facet(self, facet_type: FacetType, name: str = "", args: Mapping[str, Any] | None = None) -> FacetBuilder:
        """Add a facet without a parent facet.

        Parameters
        ----------
        facet_type : FacetType
            From ``ikigai.facet_types``.
        name : str, optional
            Needed for run variables. It also appears in messages.
        args : mapping, optional
            As for `FacetBuilder.arguments`.
        """
        builder = FacetBuilder(self, facet_type, name).arguments(**_given(args))
        self._facets.append(builder)
        return builder

    def model_facet(
        self,
        facet_type: FacetType,
        model_type: SubModelType,
        name: str = "",
        args: Mapping[str, Any] | None = None,
    ) -> ModelFacetBuilder:
        """Add a facet that uses a model, without a parent facet.

        Parameters
        ----------
        facet_type : FacetType
            A facet type of the group MACHINE_LEARNING, for example ``ikigai.facet_types.MID.Predict``.
        model_type : SubModelType
            From ``ikigai.model_types``.
        """
        builder = ModelFacetBuilder(self, facet_type, model_type, name).arguments(**_given(args))
        self._facets.append(builder)
        return builder

    def custom_facet(
        self, custom_facet_version: CustomFacetVersion, name: str = "", args: Mapping[str, Any] | None = None
    ) -> CustomFacetFacetBuilder:
        """Add a custom facet without a parent facet.

        Parameters
        ----------
        custom_facet_version : CustomFacetVersion
            From ``custom_facet.versions()``, ``.create_version(name)`` or ``.unpinned()``.
        """
        builder = CustomFacetFacetBuilder(self, custom_facet_version, name).arguments(**_given(args))
        self._facets.append(builder)
        return builder

    def build(self) -> FlowDefinition:
        """Build the definition from all facets added so far.

        Warns
        -----
        DefinitionWarning
            A facet lacks a necessary argument, or has too few or too many facets before or after it. The platform
            stores such a flow, but its runs fail.

        Raises
        ------
        InvalidDefinitionError
            The facets depend on each other in a circle.
        """
        return self._built_with_warnings()

    def build_checked(self) -> FlowDefinition:
        """Build the definition as `build` does, but raise an error instead of a warning.

        Raises
        ------
        InvalidDefinitionError
        """
        definition, faults = self._built()
        if faults:
            raise InvalidDefinitionError(" ".join(faults))
        return definition

    def _id_of(self, facet: FacetBuilder) -> str:
        return next(str(index) for index, one in enumerate(self._facets) if one is facet)

    def _built(self) -> tuple[FlowDefinition, list[str]]:
        """The definition, and the faults that will make its runs fail."""
        ids = {id(facet): str(index) for index, facet in enumerate(self._facets)}
        types = {ids[id(facet)]: facet._facet_type for facet in self._facets}
        definition = FlowDefinition(
            facets=[facet._facet(ids[id(facet)]) for facet in self._facets],
            arrows=[
                Arrow(source=ids[id(source)], destination=ids[id(facet)], arguments=arguments)
                for facet in self._facets
                for source, arguments in facet._parents
            ],
            variables=dict(self._variables),
        )
        ordered(definition)
        return definition, [
            *missing_arguments(definition, types),
            *shape_faults(definition, types),
            *variable_faults(definition),
        ]

    def _built_with_warnings(self) -> FlowDefinition:
        """The definition. Its warnings point to the caller's caller."""
        definition, faults = self._built()
        for fault in faults:
            warnings.warn(fault, DefinitionWarning, stacklevel=3)
        return definition

    def _add_variable(self, name: str, variable: FlowVariable) -> None:
        existing = self._variables.get(name)
        if existing is not None and existing.facet_name != variable.facet_name:
            raise InvalidDefinitionError(
                f"Variable {name!r} already exists for another facet {existing.facet_name!r}. "
                "Please use a different variable name."
            )
        self._variables[name] = variable
