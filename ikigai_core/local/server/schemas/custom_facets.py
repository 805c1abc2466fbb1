"""Answers about custom facets and their versions."""

from __future__ import annotations

from typing import Annotated

# Before Python 3.12, Pydantic needs this TypedDict instead of the one in `typing`.
from typing_extensions import TypedDict

from ikigai_core.local.server.schemas.common import one_of


class CustomFacetRef(TypedDict):
    custom_facet_id: str


class CustomFacetArgument(TypedDict):
    name: str
    type: Annotated[str, one_of("bool", "int", "str", "float")]
    value: bool | int | float | str | None


class CustomFacetItem(TypedDict):
    custom_facet_id: str
    name: str
    chain_group: Annotated[str, one_of("INPUT", "MID", "OUTPUT")]
    facet_uid: str
    description: str
    tags: list[str]
    python_script: str
    libraries: list[str]
    rootkit_token: str
    arguments: list[CustomFacetArgument]
    created_at: str
    modified_at: str


class CustomFacetFound(TypedDict):
    custom_facet: CustomFacetItem


class CustomFacetsFound(TypedDict):
    custom_facets: list[CustomFacetItem]


class CustomFacetVersionItem(TypedDict):
    version: str
    version_id: str
    custom_facet_id: str
    description: str
    arguments: list[CustomFacetArgument]
    created_at: str


class CustomFacetVersionFound(TypedDict):
    custom_facet_version: CustomFacetVersionItem


class CustomFacetVersionsFound(TypedDict):
    custom_facet_versions: list[CustomFacetVersionItem]
    limit_warning: str


class CustomFacetVersionRef(TypedDict):
    version_id: str
    limit_warning: str


class RootkitToken(TypedDict):
    token: str
