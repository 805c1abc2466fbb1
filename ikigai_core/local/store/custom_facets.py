"""Custom facets and their versions."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class CustomFacet:
    """A facet written by a user, in its draft state. Each of `arguments` has a name, a type and a value."""

    custom_facet_id: str
    owner: str
    name: str
    chain_group: str
    created_at: int
    modified_at: int
    description: str = ""
    tags: list[str] = field(default_factory=list)
    python_script: str = ""
    libraries: list[str] = field(default_factory=list)
    rootkit_token: str = ""
    arguments: list[dict[str, Any]] = field(default_factory=list)


@dataclass(frozen=True)
class CustomFacetVersion:
    """A saved version of a custom facet. `name` is the name of the version."""

    version_id: str
    custom_facet_id: str
    name: str
    created_at: int
    modified_at: int
    description: str
    python_script: str
    libraries: list[str]
    rootkit_token: str
    arguments: list[dict[str, Any]]
