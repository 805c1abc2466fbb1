"""Custom facets in flows: they have the arguments of their script, besides those of the facet."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Self

from ikigai_core.definition.facet_builder import FacetBuilder
from ikigai_core.errors import DefinitionWarning, InvalidDefinitionError, WrongInputTypeError, did_you_mean
from ikigai_core.specs.custom_facet import CustomFacetType

if TYPE_CHECKING:
    from ikigai_core.components.custom_facet import CustomFacetVersion
    from ikigai_core.definition.builder import FlowDefinitionBuilder


class CustomFacetFacetBuilder(FacetBuilder):
    """Builds one custom facet. Made by ``custom_facet`` of the flow's builder or of another facet's builder.

    Warns
    -----
    DefinitionWarning
        The version is not pinned: each run of the flow uses the newest version at that time.
    """

    def __init__(self, builder: FlowDefinitionBuilder, version: CustomFacetVersion, name: str) -> None:
        if not isinstance(getattr(version, "facet_type", None), CustomFacetType):
            raise WrongInputTypeError(
                "The custom facet's version must be what .versions(), .create_version(…) or .unpinned() gave."
            )
        custom_facet_type = version.facet_type
        super().__init__(builder, custom_facet_type, name)
        self._script_arguments = custom_facet_type.custom_facet_arguments
        self._arguments = {
            "custom_facet_id": version.custom_facet_id,
            "version_id": version.version_id,
            "arguments": [],
        }
        if not version.version_id:
            warnings.warn(
                f"Custom facet {name or version.custom_facet_id!r} is not pinned to a version: "
                "the flow may fail once its newest version takes or gives something else.",
                DefinitionWarning,
                stacklevel=4,
            )

    def arguments(self, **arguments: Any) -> Self:
        """Set arguments of the script or of the facet. Arguments of earlier calls are kept.

        Raises
        ------
        InvalidDefinitionError
            Also a `ValueError`, `TypeError` or `KeyError`, depending on the fault.
        """
        own = self._facet_type.facet_arguments.keys() - {"arguments"}
        super().arguments(**{name: value for name, value in arguments.items() if name in own})
        for name, value in arguments.items():
            if name not in own:
                self._set(name, value)
        return self

    def _set(self, name: str, value: Any) -> None:
        if name not in self._script_arguments:
            hint = did_you_mean(name, self._script_arguments)
            raise InvalidDefinitionError(f"Argument '{name}' is not valid for {self._facet_type.title} facet. {hint}")
        spec = self._script_arguments[name]
        spec.check(self._facet_type.title, value)
        others = [argument for argument in self._arguments["arguments"] if argument["name"] != name]
        argument = {"name": name, "value": value, "type": spec.value_type.value}
        self._arguments = {**self._arguments, "arguments": [*others, argument]}
