"""Facets that use a model: besides arguments, they have the model's parameters and hyperparameters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from ikigai_core.definition.facet_builder import FacetBuilder, merged
from ikigai_core.errors import InvalidDefinitionError, UnsupportedByModelError, did_you_mean
from ikigai_core.specs.facet import FacetType
from ikigai_core.specs.model import SubModelType
from ikigai_core.specs.value import ValueSpec
from ikigai_core.validation import check_type

if TYPE_CHECKING:
    from ikigai_core.definition.builder import FlowDefinitionBuilder


class ModelFacetBuilder(FacetBuilder):
    """Builds one model facet. Made by ``model_facet`` of the flow's builder or of another facet's builder.

    Raises
    ------
    InvalidDefinitionError
        The facet type does not use a model.
    """

    def __init__(
        self, builder: FlowDefinitionBuilder, facet_type: FacetType, model_type: SubModelType, name: str
    ) -> None:
        check_type(facet_type, FacetType, "The facet type", "such as ikigai.facet_types.MID.Predict")
        check_type(model_type, SubModelType, "The model type", "such as ikigai.model_types.Linear.Lasso")
        if not facet_type.is_ml_facet():
            raise InvalidDefinitionError(f"{facet_type.title} is not a known Model Facet")
        super().__init__(builder, facet_type, name)
        self._model_type = model_type

    def parameters(self, **parameters: Any) -> Self:
        """Set the model's parameters, for example ``target_column="delay"``. Parameters of earlier calls are kept.

        Raises
        ------
        InvalidDefinitionError
            Also a `ValueError`, `TypeError` or `KeyError`, depending on the fault.
        UnsupportedByModelError
            The facet does not accept parameters.
        """
        if "parameters" not in self._facet_type.facet_arguments:
            raise UnsupportedByModelError(f"{self._model_type.title} Model does not support parameters")
        self._check("Parameter", self._model_type.parameters, parameters)
        self._arguments = merged(self._arguments, {"parameters": parameters})
        return self

    def hyperparameters(self, **hyperparameters: Any) -> Self:
        """Set the model's hyperparameters, for example ``alpha=0.1``. Those of earlier calls are kept.

        Raises
        ------
        InvalidDefinitionError
            Also a `ValueError`, `TypeError` or `KeyError`, depending on the fault.
        UnsupportedByModelError
            The model has no hyperparameters.
        """
        if not self._model_type.hyperparameters:
            raise UnsupportedByModelError(f"{self._model_type.title} Model does not support hyperparameters")
        self._check("Hyperparameter", self._model_type.hyperparameters, hyperparameters)
        for place, values in self._grouped(hyperparameters).items():
            self._merge_group(place, values)
        return self

    def _check(self, word: str, known: Mapping[str, ValueSpec], given: Mapping[str, Any]) -> None:
        title = self._model_type.title
        for name, value in given.items():
            if name not in known:
                hint = did_you_mean(name, known)
                raise InvalidDefinitionError(f"{word} '{name}' is not valid for {title} models. {hint}")
            known[name].check(title, value)

    def _grouped(self, given: Mapping[str, Any]) -> dict[str, dict[str, Any]]:
        """The hyperparameters, by the argument that holds them: that of their group, if the model has groups."""
        groups: dict[str, dict[str, Any]] = {}
        for name, value in given.items():
            group = self._model_type.hyperparameters[name].hyperparameter_group or "hyperparameters"
            groups.setdefault(group, {})[name] = value
        return groups

    def _merge_group(self, place: str, values: dict[str, Any]) -> None:
        spec = self._facet_type.facet_arguments.get(place)
        if spec is None or not spec.is_list:
            self._arguments = merged(self._arguments, {place: values})
            return
        held = self._arguments.get(place) or [{}]
        self._arguments = {**self._arguments, place: [merged(held[0], values)]}
