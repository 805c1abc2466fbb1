"""Readers of the JSON in the platform's answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

Record = dict[str, Any]


@dataclass(frozen=True)
class Listing:
    """Components of one kind, and the platform's warning if it cut the list short (else "")."""

    records: list[Record]
    limit_warning: str = ""


def seconds(timestamp: Any) -> float:
    """Read a timestamp: seconds since the epoch, as a number or a string, or an ISO 8601 date. Nothing is 0."""
    try:
        return float(timestamp or 0)
    except ValueError:
        return datetime.fromisoformat(timestamp).timestamp()


def one(key: str) -> Callable[[Any], Record]:
    """Read one component under its key."""

    def read(answer: Any) -> Record:
        return dict(answer[key])

    return read


def many(key: str) -> Callable[[Any], Listing]:
    """Read a list of components under its key."""

    def read(answer: Any) -> Listing:
        return Listing([dict(record) for record in answer[key]], answer.get("limit_warning") or "")

    return read


def text(key: str) -> Callable[[Any], str]:
    """Read a string, usually an id, under its key."""

    def read(answer: Any) -> str:
        return str(answer[key])

    return read


def whole(answer: Any) -> Record:
    """The whole answer, a JSON object."""
    return dict(answer)


def nothing(answer: Any) -> None:
    """Ignore the answer: its status says everything."""
