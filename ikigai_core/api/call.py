"""The description of one HTTP request and its answer."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypedDict, TypeVar, cast

from ikigai_core.errors import InvalidInputError, WrongInputTypeError
from ikigai_core.procedure import Step

A = TypeVar("A")

_SUBJECTS = {
    "project_id": "app_id",
    "dataset_id": "dataset_id",
    "pipeline_id": "flow_id",
    "model_id": "model_id",
    "custom_facet_id": "custom_facet_id",
}


class Subject(TypedDict, total=False):
    """Ids of components."""

    app_id: str
    dataset_id: str
    flow_id: str
    model_id: str
    custom_facet_id: str


@dataclass(frozen=True)
class Call(Step, Generic[A]):
    """A request, the reader of its answer, and whether it may be sent twice.

    Attributes
    ----------
    method : str
        ``GET`` (with a query) or ``POST`` (with a JSON body). The platform uses no other methods.
    path : str
        Path below the base URL.
    read : callable
        Converts the answer's JSON to the caller's type. Raises `KeyError`, `TypeError` or `ValueError` if the answer
        does not have the expected form.
    query : mapping of str to str
    body : mapping, optional
    repeatable : bool, default True
        True if the request may be sent again when it is not known whether the first one was carried out.
    retried : bool, default True
        True if the transport retries the call at all.
    deadline : float, optional
        The answer must have arrived by then, on the drivers' clock.
    """

    method: str
    path: str
    read: Callable[[Any], A]
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    repeatable: bool = True
    retried: bool = True
    deadline: float | None = None

    @property
    def label(self) -> str:
        """The call's name in messages."""
        return f"{self.method} {self.path}"

    @property
    def content(self) -> bytes | None:
        """The body as JSON.

        Raises
        ------
        InvalidInputError
            A value cannot be written as JSON. Nothing was sent.
        """
        if self.body is None:
            return None
        try:
            return json.dumps(self.body, allow_nan=False).encode()
        except TypeError as error:
            raise WrongInputTypeError(f"{self.label} was not sent: {error}.") from None
        except ValueError as error:
            raise InvalidInputError(f"{self.label} was not sent: {error}.") from None

    @property
    def headers(self) -> dict[str, str]:
        """The headers that describe the body."""
        return {} if self.body is None else {"Content-Type": "application/json"}

    @property
    def subject(self) -> Subject:
        """The ids of the components that the call is about, with this package's names."""
        ids: dict[str, Any] = dict(self.query)
        for part in (self.body or {}).values():
            ids |= part if isinstance(part, Mapping) else {}
        found = {word: ids.get(wire_word) for wire_word, word in _SUBJECTS.items()}
        return cast(Subject, {word: value for word, value in found.items() if isinstance(value, str)})


def get(path: str, read: Callable[[Any], A], **query: str | None) -> Call[A]:
    """A GET request. Parameters that are None are left out."""
    return Call("GET", path, read, query={key: value for key, value in query.items() if value is not None})


def post(path: str, read: Callable[[Any], A], body: Mapping[str, Any], *, repeatable: bool = True) -> Call[A]:
    """A POST request with a JSON body."""
    return Call("POST", path, read, body=body, repeatable=repeatable)
