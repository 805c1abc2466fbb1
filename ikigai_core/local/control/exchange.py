"""Requests in the form that faults and the journal use."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.types import Scope

from ikigai_core.local.store.signing import DATA_PREFIX
from ikigai_core.origin import ORIGIN_HEADER

UPLOAD_PART = "upload-part"
DOWNLOAD = "download"

_SIGNATURE = {"expires", "signature"}
_SECRET = {"api_key", "api-key", "password", "rootkit_token", "secret", "token"}
_HIDDEN = "***"

_ORIGIN = ("orchestrator", "dag", "flow", "job", "task", "run", "url")
_LONGEST_ORIGIN = 500


@dataclass(frozen=True)
class Exchange:
    """A request, without credentials and signatures.

    Parameters
    ----------
    method, path : str
    operation : str
        Last segment of the path, or `UPLOAD_PART` and `DOWNLOAD` for signed URLs.
    query : mapping
    raw_body : bytes
        The JSON text of the body; empty for data.
    user : str
        Owner of the API key; empty without a valid key.
    agent : str
        User agent.
    origin : mapping
        What the request says of the task in an orchestrator that sends it.
    """

    method: str
    path: str
    operation: str
    query: Mapping[str, str]
    raw_body: bytes
    user: str
    agent: str
    origin: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def body(self) -> Any:
        """The JSON body, with secrets hidden; None if there is none or it is invalid."""
        try:
            body = json.loads(self.raw_body) if self.raw_body else None
            # What Python reads and nobody can show: NaN, lone surrogates.
            json.dumps(body, allow_nan=False, ensure_ascii=False).encode()
            return without_secrets(body)
        except (ValueError, RecursionError):
            return None

    def has(self, name: str, value: str) -> bool:
        """Return whether the request has this value for a name: in its path, its query or anywhere in its body."""
        return any(given == (name, value) for given in self._given())

    def _given(self) -> Iterator[tuple[str, str]]:
        yield from self.query.items()
        yield from _in_path(self.operation, self.path)
        yield from _leaves(self.body)


def exchange_of(scope: Scope, headers: Headers, body: bytes, user: str) -> Exchange:
    """Return the request without its secrets."""
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    return Exchange(
        method=scope["method"],
        path=scope["path"],
        operation=operation_of(scope["method"], scope["path"]),
        query={name: _HIDDEN if name in _SECRET else value for name, value in query if name not in _SIGNATURE},
        raw_body=body,
        user=user,
        agent=headers.get("user-agent", ""),
        origin=origin_of(headers),
    )


def origin_of(headers: Headers) -> dict[str, str]:
    """Return the description of the task that sends a request: `orchestrator`, `dag`, `task`, `run`, `url` and such."""
    given = dict(parse_qsl(headers.get(ORIGIN_HEADER, "")))
    return {name: given[name][:_LONGEST_ORIGIN] for name in _ORIGIN if name in given}


def operation_of(method: str, path: str) -> str:
    """Return the name of a request's operation, for faults and the journal."""
    if path.startswith(DATA_PREFIX):
        return UPLOAD_PART if method == "PUT" else DOWNLOAD
    return path.rstrip("/").rpartition("/")[2]


def is_data(path: str) -> bool:
    """Return whether a request for this path carries data instead of JSON."""
    return path.startswith(DATA_PREFIX)


def _in_path(operation: str, path: str) -> Iterator[tuple[str, str]]:
    names = {UPLOAD_PART: ("upload_id", "number"), DOWNLOAD: ("dataset_id",)}.get(operation, ())
    return zip(names, path.removeprefix(DATA_PREFIX).split("/")[1:], strict=False)


def _leaves(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for key, below in value.items():
            yield from _leaves(below, key)
    elif isinstance(value, list):
        for below in value:
            yield from _leaves(below, name)
    elif value is not None:
        yield name, value if isinstance(value, str) else json.dumps(value)


def without_secrets(value: Any) -> Any:
    """Return a copy of JSON with secrets hidden."""
    if isinstance(value, dict):
        return {name: _HIDDEN if name in _SECRET and below else without_secrets(below) for name, below in value.items()}
    if isinstance(value, list):
        return [without_secrets(below) for below in value]
    return value
