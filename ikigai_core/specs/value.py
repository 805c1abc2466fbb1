"""Specifications of settings: check a value, and describe a setting in help texts.

Arguments of facets, and parameters and hyperparameters of models, have almost the same specifications.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, ClassVar, Self

from pydantic import AliasChoices, BaseModel, ConfigDict, Field, field_validator

from ikigai_core.enums import ValueType
from ikigai_core.errors import InvalidDefinitionError, UnexpectedChildError, WrongArgumentTypeError, did_you_mean
from ikigai_core.records import OwnNames

_PYTHON_TYPES: dict[ValueType, tuple[type | tuple[type, ...], str]] = {
    ValueType.BOOLEAN: (bool, "boolean"),
    ValueType.TEXT: (str, "string"),
    ValueType.NUMBER: ((int, float), "numeric"),
}


_SCALAR = (bool, int, float, str)


class ValueSpec(OwnNames, BaseModel):
    """The specification of one setting."""

    model_config = ConfigDict(frozen=True)

    word: ClassVar[str]
    """The users' word for such a setting."""

    name: str
    value_type: ValueType = Field(
        validation_alias=AliasChoices("value_type", "argument_type", "parameter_type", "hyperparameter_type")
    )
    default_value: Any = None
    children: dict[str, Self] = {}
    is_deprecated: bool = False
    is_hidden: bool = False
    is_list: bool = False
    is_required: bool = False
    options: list[Any] | None = None

    def check(self, owner: str, value: Any) -> None:
        """Check a value.

        Parameters
        ----------
        owner : str
            The facet or model of the setting, for messages.

        Raises
        ------
        InvalidDefinitionError
            A required value is None, or a value is not one of the options.
        WrongArgumentTypeError
        UnexpectedChildError
            A map has an unexpected key.
        """
        if value is None:
            if self.is_required:
                raise InvalidDefinitionError(self._says(owner, "is required, got 'None'"))
        elif self.is_list:
            self._check_list(owner, value)
        elif self.value_type is ValueType.MAP:
            self._check_map(owner, value)
        else:
            self._check_scalar(owner, value)

    def _check_list(self, owner: str, value: Any) -> None:
        if not isinstance(value, list):
            raise WrongArgumentTypeError(self._says(owner, f"must be list, got {_shown(value)}"))
        element = self.model_copy(update={"is_list": False})
        for item in value:
            element.check(owner, item)

    def _check_map(self, owner: str, value: Any) -> None:
        if not isinstance(value, Mapping):
            raise WrongArgumentTypeError(self._says(owner, f"must be mapping, got {_shown(value)}"))
        for name, child in value.items():
            if name not in self.children:
                hint = did_you_mean(str(name), self.children)
                unexpected = f"provided with unexpected child {self.word.lower()} {name!r}. {hint}"
                raise UnexpectedChildError(self._says(owner, unexpected))
            self.children[name].check(f"{owner}:{self.name}", child)

    def _check_scalar(self, owner: str, value: Any) -> None:
        if self.options and value not in self.options:
            raise InvalidDefinitionError(self._says(owner, f"must be one of {self.options}, got {_shown(value)}"))
        accepted, word = _PYTHON_TYPES[self.value_type]
        if not isinstance(value, accepted):
            raise WrongArgumentTypeError(self._says(owner, f"must be {word}, got {_shown(value)}"))

    def _says(self, owner: str, what: str) -> str:
        return f"{self.word} '{self.name}' for {owner} {what}"

    def help(self) -> str:
        """Help text: the type, the default and the options."""
        return "\n".join(self.help_lines())

    def help_lines(self) -> Iterator[str]:
        """The setting's lines of a help text."""
        if not self.children:
            options = f"  options=[{'|'.join(map(str, self.options))}]" if self.options else ""
            yield f"{self.name}: {self._type_shown}{self._default_shown}{options}"
            return
        opening, closing = self._brackets
        yield f"{self.name}: {self._type_shown} = {opening}"
        for child in self.children.values():
            if not child.is_hidden:
                yield from (f"  {line}" for line in child.help_lines())
        yield closing

    @property
    def _type_shown(self) -> str:
        return f"list[{self.value_type}]" if self.is_list else str(self.value_type)

    @property
    def _default_shown(self) -> str:
        return "" if self.default_value is None else f" = {self.default_value!r}"

    @property
    def _brackets(self) -> tuple[str, str]:
        return "{", "}"


class ArgumentSpec(ValueSpec):
    """The specification of an argument of a facet or an arrow."""

    word = "Argument"

    @property
    def argument_type(self) -> ValueType:
        """The type of its value."""
        return self.value_type

    @property
    def have_sub_arguments(self) -> bool:
        """True if its map has keys of its own."""
        return bool(self.children)

    def validate_value(self, facet: str, value: Any) -> None:
        """Check a value for a facet. Errors as for `check`."""
        self.check(facet, value)

    def _says(self, owner: str, what: str) -> str:
        return f"{self.word} '{self.name}' for facet '{owner}' {what}"

    @property
    def _type_shown(self) -> str:
        return f"{super()._type_shown} | None" if self.is_required else super()._type_shown

    @property
    def _default_shown(self) -> str:
        return f" = {self.default_value!r}" if self.default_value else ""

    @property
    def _brackets(self) -> tuple[str, str]:
        return ("[{", "}]") if self.is_list else ("{", "}")


class ModelSettingSpec(ValueSpec):
    """The specification of a model's parameter or hyperparameter."""

    @property
    def have_options(self) -> bool:
        """True if its value must be one of a list."""
        return bool(self.options)

    def validate_value(self, model: str, value: Any) -> None:
        """Check a value for a model. Errors as for `check`."""
        self.check(model, value)


class ParameterSpec(ModelSettingSpec):
    """The specification of a model's parameter."""

    word = "Parameter"

    @property
    def parameter_type(self) -> ValueType:
        """The type of its value."""
        return self.value_type


class HyperparameterSpec(ModelSettingSpec):
    """The specification of a model's hyperparameter, and its group in a definition."""

    word = "Hyperparameter"

    hyperparameter_group: str | None = None
    sub_hyperparameter_requirements: dict[Any, list[str]] = {}

    @field_validator("sub_hyperparameter_requirements", mode="before")
    @classmethod
    def _by_value(cls, value: object) -> object:
        if not isinstance(value, list):
            return value
        if not all(isinstance(pair, list) and len(pair) == 2 and isinstance(pair[0], _SCALAR) for pair in value):
            raise ValueError("must be a list of pairs")
        return dict(value)

    @property
    def hyperparameter_type(self) -> ValueType:
        """The type of its value."""
        return self.value_type

    @property
    def have_sub_hyperparameters(self) -> bool:
        """True if its map has keys of its own."""
        return bool(self.children)


def by_name(value: object) -> object:
    """A list of objects as a dict by their names, for validators; other values unchanged."""
    if not isinstance(value, list):
        return value
    if not all(isinstance(each, dict) and isinstance(each.get("name"), str) for each in value):
        raise ValueError("must be a list of objects with names")
    return {each["name"]: each for each in value}


def _shown(value: Any) -> str:
    return f"{type(value).__name__}({value!r})"
