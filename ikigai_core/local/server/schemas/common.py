"""Common parts of answers, and general answers."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import WithJsonSchema

# Before Python 3.12, Pydantic needs this TypedDict instead of the one in `typing`.
from typing_extensions import TypedDict


def one_of(*options: str) -> WithJsonSchema:
    """Return the JSON schema of a string with these options."""
    return WithJsonSchema({"type": "string", "enum": list(options)})


class Refusal(TypedDict):
    """Reason why a request was refused."""

    message: str


# For every route. Otherwise, FastAPI documents its own 422, but invalid requests are refused with 400.
REFUSALS: dict[int | str, dict[str, Any]] = {
    "4XX": {"model": Refusal, "description": "Refused; `message` says why, and names the field at fault."}
}


class Alive(TypedDict):
    status: Literal["ok"]
