"""Common parts of all routes: the platform, checked bodies, conversions to wire format."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Query, Request
from pydantic import AfterValidator, BaseModel, ConfigDict, EmailStr, WithJsonSchema, model_validator

from ikigai_core.local.platform import Platform
from ikigai_core.local.problems import bad_request
from ikigai_core.local.server.schemas.directories import DirectoryItem
from ikigai_core.local.store.components import C, Components
from ikigai_core.local.store.directories import Directory
from ikigai_core.local.store.names import LONGEST_NAME, name_problem

Answer = dict[str, Any]
Fields = dict[str, Any]
Item = TypeVar("Item")

_DEEPEST = 100
_MOST_LOG_ENTRIES = 1000


async def _platform(request: Request) -> Platform:
    # FastAPI would call an ordinary function in a thread, which takes longer than all that it does.
    platform: Platform = request.app.state.platform
    return platform


PlatformPart = Annotated[Platform, Depends(_platform)]


async def _caller(request: Request) -> str:
    return str(request.state.user_email)


Caller = Annotated[str, Depends(_caller)]


def _named(name: str) -> str:
    problem = name_problem(name)
    if problem:
        raise ValueError(problem)
    return name


_NAME_SCHEMA = {"type": "string", "minLength": 1, "maxLength": LONGEST_NAME, "pattern": r"\S"}
Name = Annotated[str, AfterValidator(_named), WithJsonSchema(_NAME_SCHEMA)]
Email = EmailStr
Limit = Annotated[int, Query(ge=0), AfterValidator(lambda limit: min(limit, _MOST_LOG_ENTRIES))]


class Given(BaseModel):
    """Part of a request body: exactly these fields, with exactly these types."""

    model_config = ConfigDict(strict=True, extra="forbid")


class Body(Given):
    """The whole JSON body of a request. Values that cannot be stored and returned are refused."""

    @model_validator(mode="before")
    @classmethod
    def _can_be_kept(cls, value: Any) -> Any:
        return sound(value)


def sound(value: Any) -> Any:
    """Return the value if it can be stored and returned; raise ValueError otherwise."""
    _check_json(value)
    return value


class DirectoryPart(BaseModel):
    """The directory of a component; an empty id means none. Further fields are ignored."""

    model_config = ConfigDict(strict=True)

    directory_id: str = ""


def _check_json(value: Any) -> None:
    """Refuse numbers that are not valid JSON, text that is not valid Unicode, and excessive nesting."""
    level, depth = [value], 0
    while level:
        if depth > _DEEPEST:
            raise ValueError(f"nested more than {_DEEPEST} levels deep")
        below: list[Any] = []
        for item in level:
            if isinstance(item, dict):
                below += item.keys()
                below += item.values()
            elif isinstance(item, list):
                below += item
            elif isinstance(item, float) and not math.isfinite(item):
                raise ValueError("numbers must be finite: NaN and Infinity are not JSON")
            elif isinstance(item, str) and not item.isascii():
                _check_text(item)
        level, depth = below, depth + 1


def _check_text(text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError:
        raise ValueError("text must be Unicode without lone surrogates") from None


def pick(components: Components[C], id_field: str, component_id: str | None, name: str | None, **equal: Any) -> C:
    """Return the requested component, by id or name."""
    if component_id is not None:
        return components.get(component_id, **equal)
    if name is not None:
        return components.named(name, **equal)
    raise bad_request(f"{id_field}: required, or name")


def edits(part: BaseModel, **names: str) -> Fields:
    """Return the requested changes: the given fields of `names`, under their stored names."""
    return {kept: getattr(part, sent) for sent, kept in names.items() if getattr(part, sent) is not None}


def directory_answer(directory: Directory) -> DirectoryItem:
    """Return a directory in wire format."""
    return {
        "directory_id": directory.directory_id,
        "name": directory.name,
        "type": directory.kind,
        "project_id": directory.app_id,
        "parent_id": directory.parent_id,
        "size": "0",
    }


def place_answer(platform: Platform, kind: str, directory_id: str) -> DirectoryItem:
    """Return the directory that contains a component; with an empty id if there is none."""
    directory = platform.store.directories.find(directory_id) if directory_id else None
    return directory_answer(directory or Directory("", "", kind, "", "", 0))


def within(fetch_all: bool, directory_id: str | None) -> Fields:
    """Return the filter of a listing: everything, or the direct content of a directory (empty: of none)."""
    return {} if fetch_all or directory_id is None else {"directory_id": directory_id}


def listed(platform: Platform, components: list[C], answer: Callable[[C], Item]) -> tuple[list[Item], str]:
    """Return a list in wire format, and a warning if the platform's limit shortened it."""
    most = platform.list_limit
    is_cut = most is not None and len(components) > most
    warning = f"Only {most} of {len(components)} are listed" if is_cut else ""
    return [answer(component) for component in components[:most]], warning
