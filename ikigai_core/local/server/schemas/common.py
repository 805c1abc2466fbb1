"""What answers have in common, and those that are about nothing in particular."""

from __future__ import annotations

from typing import Literal

from pydantic import WithJsonSchema

# The one of `typing` says too little about itself before Python 3.12.
from typing_extensions import TypedDict


def one_of(*options: str) -> WithJsonSchema:
    """Say in the OpenAPI document that a text is one of these."""
    return WithJsonSchema({"type": "string", "enum": list(options)})


class Refusal(TypedDict):
    """Why a request was not served."""

    message: str


class Alive(TypedDict):
    status: Literal["ok"]
