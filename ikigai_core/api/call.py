"""One HTTP exchange, described."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypedDict, TypeVar, cast

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
    """What is sent, how the answer is read, and whether sending it twice does harm.

    Attributes
    ----------
    method : str
        ``GET`` (with a query) or ``POST`` (with a JSON body); the platform knows no others.
    path : str
        Path below the base URL.
    read : callable
        Turns the answer's JSON into what the caller wants; raises `KeyError`, `TypeError` or `ValueError` where the
        answer is not of the agreed form.
    query : mapping of str to str
    body : mapping, optional
    repeatable : bool, default True
        Whether the request may be sent again when nobody knows if the first was carried out.
    retried : bool, default True
        Whether the transport tries again at all.
    """

    method: str
    path: str
    read: Callable[[Any], A]
    query: Mapping[str, str] = field(default_factory=dict)
    body: Mapping[str, Any] | None = None
    repeatable: bool = True
    retried: bool = True

    @property
    def label(self) -> str:
        """What messages call it."""
        return f"{self.method} {self.path}"

    @property
    def subject(self) -> Subject:
        """The ids of what it is about, in our words."""
        ids: dict[str, Any] = dict(self.query)
        for part in (self.body or {}).values():
            ids |= part if isinstance(part, Mapping) else {}
        found = {word: ids.get(wire_word) for wire_word, word in _SUBJECTS.items()}
        return cast(Subject, {word: value for word, value in found.items() if isinstance(value, str)})


def get(path: str, read: Callable[[Any], A], **query: str | None) -> Call[A]:
    """A GET; parameters that are None are left out."""
    return Call("GET", path, read, query={key: value for key, value in query.items() if value is not None})


def post(path: str, read: Callable[[Any], A], body: Mapping[str, Any], *, repeatable: bool = True) -> Call[A]:
    """A POST with a JSON body."""
    return Call("POST", path, read, body=body, repeatable=repeatable)
