"""An argument of a facet or of an arrow: its type, its help line, and the check of a value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import BaseModel, ConfigDict

from ikigai_core.enums import FacetArgumentType
from ikigai_core.errors import (
    InvalidDefinition,
    UnexpectedChild,
    WrongArgumentType,
    did_you_mean,
)

_PYTHON_TYPES: dict[FacetArgumentType, tuple[type | tuple[type, ...], str]] = {
    FacetArgumentType.BOOLEAN: (bool, "boolean"),
    FacetArgumentType.TEXT: (str, "string"),
    FacetArgumentType.NUMBER: ((int, float), "numeric"),
}


class ArgumentSpec(BaseModel):
    """What an argument takes, as the platform describes it."""

    model_config = ConfigDict(frozen=True)

    name: str
    argument_type: FacetArgumentType
    default_value: Any = None
    children: dict[str, ArgumentSpec] = {}
    have_sub_arguments: bool = False
    is_deprecated: bool = False
    is_hidden: bool = False
    is_list: bool = False
    is_required: bool = False
    options: list[str] | None = None

    def check(self, facet: str, value: Any) -> None:
        """Check a value.

        Parameters
        ----------
        facet : str
            The facet's title, for messages.

        Raises
        ------
        InvalidDefinition
            A required value is None, or a value is not among the options.
        WrongArgumentType
        UnexpectedChild
            A map has a key that it should not have.
        """
        if value is None:
            if self.is_required:
                raise InvalidDefinition(self._says(facet, "is required, got 'None'"))
        elif self.is_list:
            self._check_list(facet, value)
        elif self.argument_type is FacetArgumentType.MAP:
            self._check_map(facet, value)
        else:
            self._check_scalar(facet, value)

    def _check_list(self, facet: str, value: Any) -> None:
        if not isinstance(value, list):
            raise WrongArgumentType(self._says(facet, f"must be list, got {_shown(value)}"))
        element = self.model_copy(update={"is_list": False})
        for item in value:
            element.check(facet, item)

    def _check_map(self, facet: str, value: Any) -> None:
        if not isinstance(value, Mapping):
            raise WrongArgumentType(self._says(facet, f"must be mapping, got {_shown(value)}"))
        for name, child in value.items():
            if name not in self.children:
                hint = did_you_mean(str(name), self.children)
                raise UnexpectedChild(self._says(facet, f"provided with unexpected child argument {name!r}. {hint}"))
            self.children[name].check(f"{facet}:{self.name}", child)

    def _check_scalar(self, facet: str, value: Any) -> None:
        if self.options and value not in self.options:
            raise InvalidDefinition(self._says(facet, f"must be one of {self.options}, got {_shown(value)}"))
        accepted, word = _PYTHON_TYPES[self.argument_type]
        if not isinstance(value, accepted):
            raise WrongArgumentType(self._says(facet, f"must be {word}, got {_shown(value)}"))

    def _says(self, facet: str, what: str) -> str:
        return f"Argument '{self.name}' for facet '{facet}' {what}"

    def help_lines(self) -> Iterator[str]:
        """The argument's lines of the facet's help text."""
        kind = f"list[{self.argument_type}]" if self.is_list else f"{self.argument_type}"
        if self.is_required:
            kind += " | None"
        if self.children:
            opening, closing = ("[{", "}]") if self.is_list else ("{", "}")
            yield f"{self.name}: {kind} = {opening}"
            for child in self.children.values():
                if not child.is_hidden:
                    yield from (f"  {line}" for line in child.help_lines())
            yield closing
            return
        default = f" = {self.default_value!r}" if self.default_value else ""
        options = f"  options=[{'|'.join(self.options)}]" if self.options else ""
        yield f"{self.name}: {kind}{default}{options}"


def _shown(value: Any) -> str:
    return f"{type(value).__name__}({value!r})"
