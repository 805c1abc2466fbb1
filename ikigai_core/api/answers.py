"""Readers of the JSON in the platform's answers. What they give has the form that the rest of the client relies on."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar, cast
from urllib.parse import urlsplit

from ikigai_core.errors import UnexpectedAnswerError
from ikigai_core.redaction import redacted

T = TypeVar("T")

Record = dict[str, Any]

DEEPEST = 64
"""Maximum nesting of an answer. Deeper ones exhaust the stack of a program that walks through them."""

_LONGEST = 2000
_WORDS = {str: "a text", dict: "an object", list: "a list", bool: "true or false"}


@dataclass(frozen=True)
class Listing:
    """Components of one kind, and the platform's warning if it cut the list short (else "")."""

    records: list[Record]
    limit_warning: str = ""


def parse(body: bytes) -> Any:
    """The JSON of an answer.

    Raises
    ------
    ValueError
        The text is not JSON, is nested too deeply, or contains characters that cannot be written.
    """
    try:
        answer = json.loads(body)
    except RecursionError:
        raise ValueError(f"nested more than {DEEPEST} levels deep") from None
    if body.count(b"[") + body.count(b"{") > DEEPEST:
        _check_depth(answer)
    if b"\\u" in body:
        json.dumps(answer, ensure_ascii=False).encode()
    return answer


def _check_depth(answer: Any) -> None:
    level = [answer]
    for _ in range(DEEPEST):
        inner = [node.values() if isinstance(node, dict) else node for node in level if isinstance(node, dict | list)]
        level = [child for nodes in inner for child in nodes]
    if level:
        raise ValueError(f"nested more than {DEEPEST} levels deep")


def shortened(value: object) -> str:
    """A value of an answer as a text for messages: not too long, and without a key."""
    return redacted(str(value))[:_LONGEST]


def malformed(field: str, value: object, expected: str) -> UnexpectedAnswerError:
    """The error about a field of an answer. It shows the type of the value, but not the value."""
    found = "missing" if value is None else f"of type {type(value).__name__}"
    return UnexpectedAnswerError(f"{field} is {found}, but must be {expected}", field=field)


def get_field(answer: Any, key: str, kind: type[T], where: str = "") -> T:
    """A field of an object, of the given type.

    Parameters
    ----------
    where : str, optional
        Path of the object, for messages.

    Raises
    ------
    UnexpectedAnswerError
    """
    path = f"{where}.{key}" if where else key
    if not isinstance(answer, dict):
        raise malformed(where or "the answer", answer, "an object")
    value = answer.get(key)
    if not isinstance(value, kind):
        raise malformed(path, value, _WORDS[kind])
    return value


def identity(answer: Any, key: str, where: str = "") -> str:
    """A field that is an id, a name or the like: a text that is not blank. Errors as for `get_field`."""
    value = get_field(answer, key, str, where)
    if not value.strip():
        raise malformed(f"{where}.{key}" if where else key, value, "a text that is not blank")
    return value


def signed_url(answer: Any, key: str, where: str = "") -> str:
    """A field that is the URL of a file. Errors as for `get_field`."""
    url = identity(answer, key, where)
    try:
        parts = urlsplit(url)
        is_url = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        is_url = False
    if not is_url or not url.isascii() or not url.isprintable() or " " in url:
        raise malformed(f"{where}.{key}" if where else key, url, "the URL of a file")
    return url


def objects(answer: Any, key: str, *identities: str) -> list[Record]:
    """A field that is a list of objects, each with these identities. Errors as for `get_field`."""
    records = get_field(answer, key, list)
    for number, record in enumerate(records):
        for each in identities:
            identity(record, each, f"{key}[{number}]")
        if not isinstance(record, dict):
            raise malformed(f"{key}[{number}]", record, "an object")
    return cast(list[Record], records)


def whole_number(record: Mapping[str, Any], key: str) -> int:
    """A number of a record, which may be written as a text; 0 if it is missing or blank. Errors as for `get_field`."""
    value = record.get(key) or 0
    if isinstance(value, int | float | str):
        try:
            return int(value)
        except (ValueError, OverflowError):
            pass
    raise malformed(key, value, "a whole number")


def seconds(record: Mapping[str, Any], key: str) -> float:
    """A time of a record: seconds since the epoch; 0 if it is missing or blank. Errors as for `get_field`."""
    value = record.get(key) or 0
    if isinstance(value, int | float | str):
        for read in (float, _iso_seconds):
            try:
                stamp = read(value)
            except (ValueError, OverflowError, TypeError):
                continue
            if math.isfinite(stamp):
                return stamp
    raise malformed(key, value, "a time")


def _iso_seconds(value: Any) -> float:
    return datetime.fromisoformat(value).timestamp()


def one(key: str, *identities: str) -> Callable[[Any], Record]:
    """Read one component under its key, which has these identities."""

    def read(answer: Any) -> Record:
        record = get_field(answer, key, dict)
        for each in identities:
            identity(record, each, key)
        return record

    return read


def many(key: str, *identities: str) -> Callable[[Any], Listing]:
    """Read a list of components under its key, which have these identities."""

    def read(answer: Any) -> Listing:
        records = objects(answer, key, *identities)
        warning = answer.get("limit_warning") or ""
        if not isinstance(warning, str):
            raise malformed("limit_warning", warning, "a text")
        return Listing(records, warning)

    return read


def text(key: str) -> Callable[[Any], str]:
    """Read a string, usually an id, under its key."""

    def read(answer: Any) -> str:
        return identity(answer, key)

    return read


def whole(answer: Any) -> Record:
    """The whole answer, a JSON object."""
    if not isinstance(answer, dict):
        raise malformed("the answer", answer, "an object")
    return answer


def nothing(answer: Any) -> None:
    """Ignore the answer: its status says everything."""
