"""Custom facets, their versions and their access levels. They belong to the user, not to an app."""

from __future__ import annotations

from typing import Any

from ikigai_core.api.answers import Listing, Record, many, nothing, one, text
from ikigai_core.api.call import Call, get, post


def create(chain_group: str, **fields: Any) -> Call[str]:
    body = {"custom_facet": {"chain_group": chain_group, **fields}}
    return post("/component/create-custom-facet", text("custom_facet_id"), body, repeatable=False)


def fetch(custom_facet_id: str) -> Call[Record]:
    return get("/component/get-custom-facet", one("custom_facet"), custom_facet_id=custom_facet_id)


def by_name(name: str) -> Call[Record]:
    return get("/component/get-custom-facet", one("custom_facet", "custom_facet_id", "name"), name=name)


def listing() -> Call[Listing]:
    return get("/component/get-custom-facets-for-user", many("custom_facets", "custom_facet_id", "name"))


def search(query: str) -> Call[Listing]:
    return get("/search/search-custom-facets-for-user", many("custom_facets", "custom_facet_id", "name"), query=query)


def edit(custom_facet_id: str, chain_group: str, **changes: Any) -> Call[str]:
    custom_facet = {"custom_facet_id": custom_facet_id, "chain_group": chain_group, **changes}
    body = {"custom_facet": custom_facet, "save_as_version": False}
    return post("/component/edit-custom-facet", text("custom_facet_id"), body)


def delete(custom_facet_id: str) -> Call[None]:
    body = {"custom_facet": {"custom_facet_id": custom_facet_id}}
    return post("/component/delete-custom-facet", nothing, body)


def create_version(custom_facet_id: str, **fields: Any) -> Call[str]:
    body = {"save_as_version": True, "custom_facet_version": {"custom_facet_id": custom_facet_id, **fields}}
    return post("/component/edit-custom-facet", text("version_id"), body, repeatable=False)


def version(custom_facet_id: str, version_id: str) -> Call[Record]:
    path = "/component/get-version-for-custom-facet"
    return get(path, one("custom_facet_version", "version_id"), custom_facet_id=custom_facet_id, version_id=version_id)


def versions(custom_facet_id: str) -> Call[Listing]:
    path = "/component/get-versions-for-custom-facet"
    return get(path, many("custom_facet_versions", "version_id"), custom_facet_id=custom_facet_id)


def share(custom_facet_id: str, email: str, access_level: str) -> Call[str]:
    body = _access(custom_facet_id, email, access_level)
    return post("/component/share-custom-facet", text("custom_facet_id"), body)


def edit_access(custom_facet_id: str, email: str, access_level: str) -> Call[str]:
    body = _access(custom_facet_id, email, access_level)
    return post("/component/edit-custom-facet-access-level", text("custom_facet_id"), body)


def _access(custom_facet_id: str, email: str, access_level: str) -> Record:
    return {
        "custom_facet": {"custom_facet_id": custom_facet_id},
        "user": {"email": email},
        "access_level": access_level,
    }
