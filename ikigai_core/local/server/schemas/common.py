"""Common parts of answers, and general answers."""

from __future__ import annotations

from typing import Literal

from pydantic import WithJsonSchema

# Before Python 3.12, Pydantic needs this TypedDict instead of the one in `typing`.
from typing_extensions import TypedDict


def one_of(*options: str) -> WithJsonSchema:
    """Return the JSON schema of a string with these options."""
    return WithJsonSchema({"type": "string", "enum": list(options)})


class Refusal(TypedDict):
    """Reason why a request was refused."""

    message: str


class Alive(TypedDict):
    status: Literal["ok"]
