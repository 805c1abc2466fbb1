"""How components are shown: one field a line, and what is too long for its line over several."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

_WIDTH = 79
_STEP = " " * 4


def printed(component: BaseModel) -> str:
    """One field a line, as components are shown."""
    return _over_lines(component, "")


def _shown(prefix: str, value: Any, indent: str) -> str:
    """A field or an entry, on one line where it fits or cannot be divided."""
    line = f"{prefix}{value!r}"
    if len(indent) + len(line) < _WIDTH or not value or not isinstance(value, BaseModel | dict | list):
        return line
    return prefix + _over_lines(value, indent)


def _over_lines(value: BaseModel | dict[Any, Any] | list[Any], indent: str) -> str:
    inner = indent + _STEP
    opening, closing = _brackets(value)
    entries = ",\n".join(inner + _shown(prefix, entry, inner) for prefix, entry in _entries(value))
    return f"{opening}\n{entries}\n{indent}{closing}"


def _brackets(value: BaseModel | dict[Any, Any] | list[Any]) -> tuple[str, str]:
    if isinstance(value, BaseModel):
        return f"{type(value).__name__}(", ")"
    return ("{", "}") if isinstance(value, dict) else ("[", "]")


def _entries(value: BaseModel | dict[Any, Any] | list[Any]) -> Iterator[tuple[str, Any]]:
    if isinstance(value, BaseModel):
        yield from ((f"{name}=", field) for name, field in value.__repr_args__())
    elif isinstance(value, dict):
        yield from ((f"{key!r}: ", entry) for key, entry in value.items())
    else:
        yield from (("", entry) for entry in value)
