"""Build one facet of a flow. Each addition is checked at once. Sends nothing."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from typing import TYPE_CHECKING, Any, Self

from ikigai_core.definition.definition import Facet, FlowDefinition, FlowVariable
from ikigai_core.enums import ValueType
from ikigai_core.errors import InvalidDefinitionError, did_you_mean
from ikigai_core.specs.facet import FacetType
from ikigai_core.specs.model import SubModelType
from ikigai_core.validation import check_text, check_type

if TYPE_CHECKING:
    from ikigai_core.components.custom_facet import CustomFacetVersion
    from ikigai_core.components.dataset import DatasetRecord
    from ikigai_core.definition.builder import FlowDefinitionBuilder
    from ikigai_core.definition.custom_facet import CustomFacetFacetBuilder
    from ikigai_core.definition.model_facet import ModelFacetBuilder


class FacetBuilder:
    """Builds one facet. Made by `FlowDefinitionBuilder.facet` and `FacetBuilder.facet`."""

    def __repr__(self) -> str:
        after = ", ".join(parent._title for parent, _ in self._parents)
        return f"<{self._title}{f' after {after}' if after else ''}: {self._arguments}>"

    @property
    def _title(self) -> str:
        return f"{self._facet_type.title} facet{f' {self._name!r}' if self._name else ''}"

    def __init__(self, builder: FlowDefinitionBuilder, facet_type: FacetType, name: str) -> None:
        check_type(facet_type, FacetType, "The facet type", "such as ikigai.facet_types.MID.Count")
        check_text(name, "The facet's name")
        self._builder = builder
        self._facet_type = facet_type
        self._name = name
        self._arguments: dict[str, Any] = {}
        self._dataset: str | None = None
        self._parents: list[tuple[FacetBuilder, dict[str, Any]]] = []

    @property
    def facet_id(self) -> str:
        """The facet's id in the definition."""
        return self._builder._id_of(self)

    def facet(
        self,
        facet_type: FacetType,
        name: str = "",
        args: Mapping[str, Any] | None = None,
        arrow_args: Mapping[str, Any] | None = None,
    ) -> FacetBuilder:
        """Add a facet that takes this one's output."""
        return self._builder.facet(facet_type, name, args).add_arrow(self, **(arrow_args or {}))

    def model_facet(
        self,
        facet_type: FacetType,
        model_type: SubModelType,
        name: str = "",
        args: Mapping[str, Any] | None = None,
        arrow_args: Mapping[str, Any] | None = None,
    ) -> ModelFacetBuilder:
        """Add a facet that uses a model and takes this one's output."""
        return self._builder.model_facet(facet_type, model_type, name, args).add_arrow(self, **(arrow_args or {}))

    def custom_facet(
        self,
        custom_facet_version: CustomFacetVersion,
        name: str = "",
        args: Mapping[str, Any] | None = None,
        arrow_args: Mapping[str, Any] | None = None,
    ) -> CustomFacetFacetBuilder:
        """Add a custom facet that takes this one's output."""
        return self._builder.custom_facet(custom_facet_version, name, args).add_arrow(self, **(arrow_args or {}))

    def arguments(self, **arguments: Any) -> Self:
        """Set arguments. Arguments of earlier calls are kept, and maps are merged.

        An argument for a component's id or name also accepts the component: ``arguments(dataset_id=dataset)``,
        ``arguments(model_name=model)``, ``arguments(directory=directory)``.

        Raises
        ------
        InvalidDefinitionError
            Also a `ValueError`, `TypeError` or `KeyError`, depending on the fault.
        """
        known = self._facet_type.facet_arguments
        arguments = {name: _named(name, value) for name, value in arguments.items()}
        for name, value in arguments.items():
            if name not in known:
                raise InvalidDefinitionError(
                    f"Argument '{name}' is not valid for {self._facet_type.title} facet. {did_you_mean(name, known)}"
                )
            known[name].check(self._facet_type.title, value)
        self._arguments = merged(self._arguments, arguments)
        return self

    def dataset(self, dataset: str | DatasetRecord) -> Self:
        """Import a dataset: by its name in the app in which the flow is built, or as an object.

        A name is looked up when a flow is built, ensured or updated with the definition.

        Raises
        ------
        InvalidDefinitionError
            The facet type does not import a dataset.
        """
        if "dataset_id" not in self._facet_type.facet_arguments:
            raise InvalidDefinitionError(f"A {self._facet_type.title} facet imports no dataset.")
        if not isinstance(dataset, str):
            self._dataset = None
            return self.arguments(dataset_id=dataset)
        self._arguments.pop("dataset_id", None)
        self._dataset = dataset
        return self

    def variables(self, **variables: str) -> Self:
        """Let run variables set arguments of this facet: ``variables(month="dataset_name")``.

        Parameters
        ----------
        **variables : str
            Name of the run variable = name of the scalar argument that it sets.

        Raises
        ------
        InvalidDefinitionError
            The facet has no name or no such argument, or the argument is a list or a map.
        """
        if not self._name:
            raise InvalidDefinitionError(
                "Variables are only allowed on facets that have a name. Please set a name for the facet."
            )
        for variable, argument in variables.items():
            check_text(argument, f"The argument of variable {variable!r}")
            if not variable.strip():
                raise InvalidDefinitionError(f"The variable for argument {argument!r} has no name.")
            self._check_variable(variable, argument)
            self._builder._add_variable(variable, FlowVariable(facet_name=self._name, argument_name=argument))
        return self

    def add_arrow(self, parent: FacetBuilder, /, **arguments: Any) -> Self:
        """Connect another facet's output to this facet. The arguments name its role, such as ``table_side="top"``."""
        check_type(parent, FacetBuilder, "The facet to come after", "what .facet(…) gave")
        known = self._facet_type.in_arrow_arguments | parent._facet_type.out_arrow_arguments
        for name, value in arguments.items():
            if name in known:
                known[name].check(f"{self._facet_type.title} arrow", value)
            elif known:
                raise InvalidDefinitionError(
                    f"Argument '{name}' is not valid for an arrow into a {self._facet_type.title} facet. "
                    f"{did_you_mean(name, known)}"
                )
        self._parents.append((parent, dict(arguments)))
        return self

    def build(self) -> FlowDefinition:
        """Build the definition from all facets added so far, not only from this one."""
        return self._builder._built_with_warnings()

    def build_checked(self) -> FlowDefinition:
        """Build the definition as `build` does, but raise `InvalidDefinitionError` instead of a warning."""
        return self._builder.build_checked()

    def _check_variable(self, variable: str, argument: str) -> None:
        spec = self._facet_type.facet_arguments.get(argument)
        if spec is None:
            hint = did_you_mean(argument, self._facet_type.facet_arguments)
            raise InvalidDefinitionError(f"{self._facet_type.title} facet does not have argument '{argument}'. {hint}")
        if spec.is_list or spec.value_type is ValueType.MAP:
            kind = "LIST" if spec.is_list else "MAP"
            raise InvalidDefinitionError(
                f"Variable {variable!r} targeting argument {argument!r} of type {kind} is currently not supported."
            )

    def _facet(self, facet_id: str) -> Facet:
        return Facet(
            facet_id=facet_id,
            facet_uid=self._facet_type.facet_uid,
            name=self._name,
            arguments=deepcopy(self._arguments),
            dataset=self._dataset,
        )


def _named(argument: str, value: Any) -> Any:
    """The value of an argument: the id or name of a given component, or the given value itself."""
    if argument.endswith("_id"):
        return getattr(value, argument, value)
    if argument.endswith("_name"):
        return getattr(value, "name", value)
    return getattr(value, "directory_id", value) if argument == "directory" else value


def merged(first: Mapping[str, Any], second: Mapping[str, Any]) -> dict[str, Any]:
    """Merge two maps recursively. The second one wins if they differ."""
    result = dict(first)
    for key, value in second.items():
        both_maps = isinstance(value, Mapping) and isinstance(result.get(key), Mapping)
        result[key] = merged(result[key], value) if both_maps else value
    return result
