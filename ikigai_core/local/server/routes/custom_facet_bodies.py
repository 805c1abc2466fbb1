"""Request bodies for custom facets."""

from __future__ import annotations

import math
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator, model_validator

from ikigai_core.local.jobs.custom_facets import CustomFacetAccessLevel
from ikigai_core.local.server.routes.common import Body, Email, Given, Name, edits

NO_ACCESS = "NO_ACCESS"

ChainGroup = Literal["INPUT", "MID", "OUTPUT"]
AnyAccessLevel = Annotated[CustomFacetAccessLevel, Field(strict=False)]


class Argument(Given):
    """An argument of a script. Values arrive as strings, and are stored and returned with their own types."""

    name: Name
    type: Literal["bool", "int", "str", "float"]
    value: bool | int | float | str | None = None

    @model_validator(mode="after")
    def _value_is_of_type(self) -> Argument:
        if self.type != "str" and self.value in (None, ""):
            self.value = None
            return self
        try:
            self.value = _READERS[self.type](self.value)
        except (TypeError, ValueError, OverflowError):
            raise ValueError(f"the value of argument {self.name!r} is not of type {self.type}") from None
        return self


def _boolean(value: Any) -> bool:
    text = str(value).strip().casefold()
    if text not in ("true", "false"):
        raise ValueError
    return text == "true"


def _number(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError
    return number


_READERS: dict[str, Any] = {"bool": _boolean, "int": int, "float": _number, "str": str}


class ScriptFields(Given):
    description: str | None = None
    python_script: str | None = None
    libraries: list[str] | None = None
    rootkit_token: str | None = None
    arguments: list[Argument] | None = None

    @field_validator("arguments")
    @classmethod
    def _names_differ(cls, arguments: list[Argument] | None) -> list[Argument] | None:
        names = [argument.name for argument in arguments or []]
        for name in names:
            if names.count(name) > 1:
                raise ValueError(f"{name!r} occurs twice: names of arguments must be unique")
        return arguments

    def kept(self) -> dict[str, Any]:
        """Return the given fields in their stored form."""
        same = ("description", "python_script", "libraries", "rootkit_token")
        given = edits(self, **{name: name for name in same})
        if self.arguments is not None:
            given["arguments"] = [argument.model_dump() for argument in self.arguments]
        return given


class NewCustomFacet(ScriptFields):
    name: Name
    chain_group: ChainGroup
    tags: list[str] = Field(default_factory=list)


class CustomFacetId(Given):
    custom_facet_id: str


class CustomFacetEdit(CustomFacetId, ScriptFields):
    chain_group: ChainGroup | None = None
    name: Name | None = None
    tags: list[str] | None = None


class NewVersion(CustomFacetId, ScriptFields):
    version: Name


class User(Given):
    email: Email


class CreateCustomFacet(Body):
    custom_facet: NewCustomFacet


class EditCustomFacet(Body):
    save_as_version: bool = False
    custom_facet: CustomFacetEdit | None = None
    custom_facet_version: NewVersion | None = None


class DeleteCustomFacet(Body):
    custom_facet: CustomFacetId


class ShareCustomFacet(Body):
    custom_facet: CustomFacetId
    user: User
    access_level: AnyAccessLevel


class EditCustomFacetAccess(Body):
    custom_facet: CustomFacetId
    user: User
    access_level: AnyAccessLevel | Literal["NO_ACCESS"]


class RootkitScript(Body):
    script: str
