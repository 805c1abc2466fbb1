"""Answers about directories."""

from __future__ import annotations

from typing import Annotated

# Before Python 3.12, Pydantic needs this TypedDict instead of the one in `typing`.
from typing_extensions import TypedDict

from ikigai_core.local.server.schemas.common import one_of


class DirectoryRef(TypedDict):
    directory_id: str


class DirectoryItem(TypedDict):
    directory_id: str
    name: str
    type: Annotated[str, one_of("PROJECT", "DATASET", "PIPELINE", "MODEL")]
    project_id: str
    parent_id: str
    size: str


class DirectoryFound(TypedDict):
    directory: DirectoryItem


class DirectoriesFound(TypedDict):
    directories: list[DirectoryItem]
