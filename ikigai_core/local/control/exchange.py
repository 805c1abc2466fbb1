"""A request as faults and the journal see it."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import parse_qsl

from starlette.datastructures import Headers
from starlette.types import Scope

from ikigai_core.local.store.signing import DATA_PREFIX

UPLOAD_PART = "upload-part"
DOWNLOAD = "download"

_SIGNATURE = {"expires", "signature"}
_SECRET = {"api_key", "api-key", "password", "rootkit_token", "secret", "token"}
_HIDDEN = "***"


@dataclass(frozen=True)
class Exchange:
    """A request, without credentials and signatures.

    Parameters
    ----------
    method, path : str
    operation : str
        What it asks for: the last segment of the path, or `UPLOAD_PART` and `DOWNLOAD` for signed URLs.
    query : mapping
    raw_body : bytes
        The JSON text that was sent; empty for data.
    user : str
        The user whose key it had; empty if it had none.
    agent : str
        Its user agent.
    """

    method: str
    path: str
    operation: str
    query: Mapping[str, str]
    raw_body: bytes
    user: str
    agent: str

    @cached_property
    def body(self) -> Any:
        """The JSON body, with secrets hidden; None where there is none or it is no JSON."""
        try:
            return without_secrets(json.loads(self.raw_body)) if self.raw_body else None
        except (ValueError, RecursionError):
            return None

    def has(self, name: str, value: str) -> bool:
        """Say whether the request gives this value for a name: in its path, its query or anywhere in its body."""
        return any(given == (name, value) for given in self._given())

    def _given(self) -> Iterator[tuple[str, str]]:
        yield from self.query.items()
        yield from _in_path(self.operation, self.path)
        yield from _leaves(self.body)


def exchange_of(scope: Scope, headers: Headers, body: bytes, user: str) -> Exchange:
    """Return what there is to know of a request."""
    query = parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True)
    return Exchange(
        method=scope["method"],
        path=scope["path"],
        operation=operation_of(scope["method"], scope["path"]),
        query={name: _HIDDEN if name in _SECRET else value for name, value in query if name not in _SIGNATURE},
        raw_body=body,
        user=user,
        agent=headers.get("user-agent", ""),
    )


def operation_of(method: str, path: str) -> str:
    """Return what faults and the journal call a request for this path."""
    if path.startswith(DATA_PREFIX):
        return UPLOAD_PART if method == "PUT" else DOWNLOAD
    return path.rstrip("/").rpartition("/")[2]


def is_data(path: str) -> bool:
    """Say whether a request for this path carries data rather than JSON."""
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
    """Return JSON as it is, but for what stands under the names of secrets."""
    if isinstance(value, dict):
        return {name: _HIDDEN if name in _SECRET and below else without_secrets(below) for name, below in value.items()}
    if isinstance(value, list):
        return [without_secrets(below) for below in value]
    return value
