"""Arguments of custom facets, and custom facets as facet types."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Self

from pydantic import AliasChoices, BaseModel, Field, model_validator

from ikigai_core.enums import CustomFacetArgumentType, ValueType
from ikigai_core.errors import InvalidInputError
from ikigai_core.specs.facet import FacetType
from ikigai_core.specs.value import ArgumentSpec

Argument = bool | int | str | float

_PYTHON_TYPES: dict[CustomFacetArgumentType, type[Argument]] = {
    CustomFacetArgumentType.BOOLEAN: bool,
    CustomFacetArgumentType.INTEGER: int,
    CustomFacetArgumentType.STRING: str,
    CustomFacetArgumentType.FLOAT: float,
}
_VALUE_TYPES = {
    CustomFacetArgumentType.BOOLEAN: ValueType.BOOLEAN,
    CustomFacetArgumentType.INTEGER: ValueType.NUMBER,
    CustomFacetArgumentType.STRING: ValueType.TEXT,
    CustomFacetArgumentType.FLOAT: ValueType.NUMBER,
}


class CustomFacetArgument(BaseModel):
    """An argument of a custom facet's script, with its default.

    Attributes
    ----------
    name : str
    argument_type : CustomFacetArgumentType
    value : bool, int, str, float or None
        The default.
    """

    name: str
    argument_type: CustomFacetArgumentType = Field(validation_alias=AliasChoices("type", "argument_type"))
    value: Any = None

    @model_validator(mode="after")
    def _cast(self) -> Self:
        # The platform returns values as strings, and bool() of any non-empty string is True.
        if self.value is None or (self.value == "" and self.argument_type is not CustomFacetArgumentType.STRING):
            self.value = None
        elif self.argument_type is CustomFacetArgumentType.BOOLEAN and isinstance(self.value, str):
            self.value = self.value.strip().lower() == "true"
        else:
            try:
                self.value = _PYTHON_TYPES[self.argument_type](self.value)
            except (TypeError, OverflowError):
                raise ValueError(f"value must be of type {self.argument_type.value}") from None
        return self

    @classmethod
    def of(cls, name: str, value: Argument) -> Self:
        """An argument with that name and default. The default determines the type.

        Raises
        ------
        InvalidInputError
            The default is not a bool, int, str or float.
        """
        kind = type(value).__name__
        if kind not in {argument_type.value for argument_type in CustomFacetArgumentType}:
            raise InvalidInputError(f"Argument {name!r} is a {kind}: a custom facet takes bool, int, str and float.")
        return cls.model_validate({"name": name, "type": kind, "value": value})

    def to_dict(self) -> dict[str, str]:
        """The argument in the platform's format, with its value as a string."""
        return {
            "name": self.name,
            "type": self.argument_type.value,
            "value": "" if self.value is None else str(self.value),
        }

    def spec(self) -> ArgumentSpec:
        """The specification of the argument in a flow."""
        value_type = _VALUE_TYPES[self.argument_type]
        return ArgumentSpec.model_validate(
            {"name": self.name, "value_type": value_type, "default_value": self.value, "is_required": True}
        )


class CustomFacetType(FacetType):
    """A version of a custom facet as a facet type."""

    custom_facet_id: str
    version_id: str
    custom_facet_arguments: dict[str, ArgumentSpec]

    @classmethod
    def of(
        cls, facet_type: FacetType, custom_facet_id: str, version_id: str, arguments: Mapping[str, CustomFacetArgument]
    ) -> Self:
        """The facet type of a custom facet's version, derived from the ``CUSTOM_FACET`` of its chain group."""
        return cls(
            **{name: getattr(facet_type, name) for name in FacetType.model_fields},
            custom_facet_id=custom_facet_id,
            version_id=version_id,
            custom_facet_arguments={name: argument.spec() for name, argument in arguments.items()},
        )
