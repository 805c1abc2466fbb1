"""Records of the platform's data: how they are read, what ``dir()`` lists, and how they are displayed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from html import escape
from typing import Any, Self, TypeVar

from pydantic import BaseModel, ConfigDict, ValidationError

from ikigai_core.errors import UnexpectedAnswerError
from ikigai_core.sync_async import edit, operation
from ikigai_core.validation import faults_of

_WIDTH = 79
_STEP = " " * 4
_OFFERED = {"model_dump", "model_dump_json"}
NOISE = {name for name in dir(BaseModel) if not name.startswith("_")} - _OFFERED


M = TypeVar("M", bound=BaseModel)


def read_as(model: type[M], data: object, what: str) -> M:
    """Read data of the platform as a model.

    Parameters
    ----------
    what : str
        Name of the data, for messages.

    Raises
    ------
    UnexpectedAnswerError
        The message names the fields that are missing or malformed, without their values.
    """
    try:
        return model.model_validate(data)
    except ValidationError as error:
        faults, field = faults_of(error), ".".join(map(str, error.errors()[0]["loc"]))[:100]
    # Not raised where the other error is handled: that error holds the data.
    raise UnexpectedAnswerError(f"The platform described a {what} in an unknown form: {faults}", field=field)


class OwnNames:
    """Hides pydantic's own methods from ``dir()``, except those that dump the model."""

    def __dir__(self) -> Iterable[str]:
        return [name for name in super().__dir__() if name not in NOISE]


class Record(OwnNames, BaseModel):
    """Data of the platform. Fields that this version does not know are ignored."""

    model_config = ConfigDict(ignored_types=(operation, edit), populate_by_name=True, protected_namespaces=())

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """Read the platform's data.

        Raises
        ------
        UnexpectedAnswerError
            The message names the fields that are missing or malformed, without their values.
        """
        return read_as(cls, data, cls.__name__)

    def _repr_html_(self) -> str:
        """A table of the fields, for notebooks."""
        fields = ((name, value) for name, value in self.__repr_args__() if name)
        return html_table(fields, type(self).__name__)


def printed(component: BaseModel) -> str:
    """The representation of a component, one field per line."""
    return _over_lines(component, "")


def _shown(prefix: str, value: Any, indent: str) -> str:
    """A field or an entry, on one line if it fits or cannot be split."""
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


def html_table(content: Iterable[tuple[str, object]], caption: str) -> str:
    """A table of names and values, for notebooks."""
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(str(value))}</td></tr>" for name, value in content)
    return f"<table><caption>{caption}</caption>{rows}</table>"
