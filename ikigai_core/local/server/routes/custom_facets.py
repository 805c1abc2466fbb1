"""Custom facets, their versions and their users. They belong to a user, not to an app."""

from __future__ import annotations

import hashlib
from typing import cast

from ikigai_core.local.jobs.custom_facets import FACET_TYPE, CustomFacetAccessLevel
from ikigai_core.local.platform import Platform
from ikigai_core.local.problems import bad_request, conflict, forbidden, not_found
from ikigai_core.local.server.routes.common import Caller, PlatformPart, edits
from ikigai_core.local.server.routes.custom_facet_bodies import (
    NO_ACCESS,
    CreateCustomFacet,
    CustomFacetEdit,
    DeleteCustomFacet,
    EditCustomFacet,
    EditCustomFacetAccess,
    NewVersion,
    RootkitScript,
    ShareCustomFacet,
)
from ikigai_core.local.server.routes.routers import open_router
from ikigai_core.local.server.schemas.custom_facets import (
    CustomFacetArgument,
    CustomFacetFound,
    CustomFacetItem,
    CustomFacetRef,
    CustomFacetsFound,
    CustomFacetVersionFound,
    CustomFacetVersionItem,
    CustomFacetVersionRef,
    CustomFacetVersionsFound,
    RootkitToken,
)
from ikigai_core.local.specs import load_facet_specs
from ikigai_core.local.store import timestamps
from ikigai_core.local.store.custom_facets import CustomFacet, CustomFacetVersion
from ikigai_core.local.store.ids import new_id

router = open_router()

_NOUN = "Custom facet"


@router.post("/component/create-custom-facet")
def create_custom_facet(platform: PlatformPart, caller: Caller, body: CreateCustomFacet) -> CustomFacetRef:
    """Create a custom facet. The given script fields become its draft."""
    new, now = body.custom_facet, timestamps.now()
    custom_facet = CustomFacet(
        new_id(), caller.casefold(), new.name, new.chain_group, now, now, tags=new.tags, **new.kept()
    )
    with platform.store.transaction():
        platform.store.custom_facets.add(custom_facet)
        platform.store.custom_facet_grants.set(custom_facet.custom_facet_id, caller, CustomFacetAccessLevel.ADMIN)
    return {"custom_facet_id": custom_facet.custom_facet_id}


@router.get("/component/get-custom-facet")
def get_custom_facet(
    platform: PlatformPart, caller: Caller, custom_facet_id: str | None = None, name: str | None = None
) -> CustomFacetFound:
    """Return one custom facet, by id or name. If several have this name, the caller's own comes first."""
    if custom_facet_id is not None:
        custom_facet = _allowed(platform, caller, custom_facet_id, CustomFacetAccessLevel.RUN)
    elif name is not None:
        custom_facet = _named(platform, caller, name)
    else:
        raise bad_request("custom_facet_id: required, or name")
    return {"custom_facet": _answer(platform, custom_facet, caller)}


@router.get("/component/get-custom-facets-for-user")
def get_custom_facets(platform: PlatformPart, caller: Caller) -> CustomFacetsFound:
    """Return all custom facets that the caller may use."""
    found = _visible(platform, caller, platform.store.custom_facets.all())
    return {"custom_facets": [_answer(platform, custom_facet, caller) for custom_facet in found]}


@router.get("/search/search-custom-facets-for-user")
def search_custom_facets(platform: PlatformPart, caller: Caller, query: str) -> CustomFacetsFound:
    """Return the custom facets that the caller may use, with the query in their names."""
    found = _visible(platform, caller, platform.store.custom_facets.search(query))
    return {"custom_facets": [_answer(platform, custom_facet, caller) for custom_facet in found]}


@router.post("/component/edit-custom-facet")
def edit_custom_facet(
    platform: PlatformPart, caller: Caller, body: EditCustomFacet
) -> CustomFacetRef | CustomFacetVersionRef:
    """Change the given fields of a custom facet's draft, or save a version of it."""
    if body.save_as_version:
        if body.custom_facet_version is None:
            raise bad_request("custom_facet_version: required where save_as_version is true")
        return _save_version(platform, caller, body.custom_facet_version)
    if body.custom_facet is None:
        raise bad_request("custom_facet: required unless save_as_version is true")
    return _edit(platform, caller, body.custom_facet)


@router.post("/component/delete-custom-facet")
def delete_custom_facet(platform: PlatformPart, caller: Caller, body: DeleteCustomFacet) -> CustomFacetRef:
    """Delete a custom facet with its versions. Flows that use it can no longer run."""
    custom_facet = _allowed(platform, caller, body.custom_facet.custom_facet_id, CustomFacetAccessLevel.ADMIN)
    platform.store.delete_custom_facet(custom_facet.custom_facet_id)
    return {"custom_facet_id": custom_facet.custom_facet_id}


@router.get("/component/get-version-for-custom-facet")
def get_version(
    platform: PlatformPart, caller: Caller, custom_facet_id: str, version_id: str
) -> CustomFacetVersionFound:
    """Return one version of a custom facet."""
    custom_facet = _allowed(platform, caller, custom_facet_id, CustomFacetAccessLevel.RUN)
    versions = platform.store.custom_facet_versions
    version = versions.get(version_id, custom_facet_id=custom_facet.custom_facet_id)
    return {"custom_facet_version": _version_answer(version)}


@router.get("/component/get-versions-for-custom-facet")
def get_versions(platform: PlatformPart, caller: Caller, custom_facet_id: str) -> CustomFacetVersionsFound:
    """Return all versions of a custom facet, newest first."""
    custom_facet = _allowed(platform, caller, custom_facet_id, CustomFacetAccessLevel.RUN)
    versions = platform.store.custom_facet_versions.all(custom_facet_id=custom_facet.custom_facet_id)
    return {"custom_facet_versions": [_version_answer(version) for version in reversed(versions)], "limit_warning": ""}


@router.post("/component/generate-rootkit-token")
def generate_token(body: RootkitScript) -> RootkitToken:
    """Return a token that frees a script from its sandbox. It has no effect on the local platform."""
    return {"token": hashlib.sha256(body.script.encode()).hexdigest()}


@router.post("/component/share-custom-facet")
def share_custom_facet(platform: PlatformPart, caller: Caller, body: ShareCustomFacet) -> CustomFacetRef:
    """Give a user access to a custom facet."""
    custom_facet = _shared(platform, caller, body.custom_facet.custom_facet_id, body.user.email)
    platform.store.custom_facet_grants.set(custom_facet.custom_facet_id, body.user.email, body.access_level)
    return {"custom_facet_id": custom_facet.custom_facet_id}


@router.post("/component/edit-custom-facet-access-level")
def edit_access(platform: PlatformPart, caller: Caller, body: EditCustomFacetAccess) -> CustomFacetRef:
    """Change a user's access level for a custom facet, or revoke the access."""
    custom_facet = _shared(platform, caller, body.custom_facet.custom_facet_id, body.user.email)
    grants = platform.store.custom_facet_grants
    if body.access_level == NO_ACCESS:
        grants.revoke(custom_facet.custom_facet_id, body.user.email)
    else:
        grants.change(custom_facet.custom_facet_id, body.user.email, body.access_level)
    return {"custom_facet_id": custom_facet.custom_facet_id}


def _edit(platform: Platform, caller: str, edit: CustomFacetEdit) -> CustomFacetRef:
    custom_facet = _allowed(platform, caller, edit.custom_facet_id, CustomFacetAccessLevel.EDIT)
    if edit.chain_group not in (None, custom_facet.chain_group):
        raise bad_request(
            f"custom_facet.chain_group: {custom_facet.name!r} is of {custom_facet.chain_group}, which cannot be changed"
        )
    changes = edits(edit, name="name", tags="tags") | edit.kept()
    platform.store.custom_facets.edit(custom_facet.custom_facet_id, **changes)
    return {"custom_facet_id": custom_facet.custom_facet_id}


def _save_version(platform: Platform, caller: str, new: NewVersion) -> CustomFacetVersionRef:
    custom_facet = _allowed(platform, caller, new.custom_facet_id, CustomFacetAccessLevel.EDIT)
    content = {
        "description": custom_facet.description,
        "python_script": custom_facet.python_script,
        "libraries": custom_facet.libraries,
        "rootkit_token": custom_facet.rootkit_token,
        "arguments": custom_facet.arguments,
    } | new.kept()
    now = timestamps.now()
    version = CustomFacetVersion(new_id(), custom_facet.custom_facet_id, new.version, now, now, **content)
    return {"version_id": platform.store.custom_facet_versions.add(version).version_id, "limit_warning": ""}


def _allowed(platform: Platform, caller: str, custom_facet_id: str, needed: CustomFacetAccessLevel) -> CustomFacet:
    custom_facet = platform.store.custom_facets.get(custom_facet_id)
    level = platform.store.custom_facet_grants.level(custom_facet_id, caller)
    if level is None:
        raise not_found(_NOUN, custom_facet_id)
    if not CustomFacetAccessLevel(level).includes(needed):
        raise forbidden(
            f"Custom facet {custom_facet.name!r} is shared with you as {level}, and this needs {needed}: "
            f"ask {custom_facet.owner} for it"
        )
    return custom_facet


def _shared(platform: Platform, caller: str, custom_facet_id: str, email: str) -> CustomFacet:
    """Return a custom facet if the caller may change the access of this user."""
    custom_facet = _allowed(platform, caller, custom_facet_id, CustomFacetAccessLevel.ADMIN)
    if email.casefold() == custom_facet.owner:
        raise conflict(f"{email} owns custom facet {custom_facet.name!r}: the access of an owner cannot be changed")
    return custom_facet


def _visible(platform: Platform, caller: str, custom_facets: list[CustomFacet]) -> list[CustomFacet]:
    levels = platform.store.custom_facet_grants.levels(caller)
    return [custom_facet for custom_facet in custom_facets if custom_facet.custom_facet_id in levels]


def _named(platform: Platform, caller: str, name: str) -> CustomFacet:
    found = _visible(platform, caller, platform.store.custom_facets.all(name=name))
    if not found:
        raise not_found(_NOUN, name)
    return min(found, key=lambda custom_facet: custom_facet.owner != caller.casefold())


def _answer(platform: Platform, custom_facet: CustomFacet, caller: str) -> CustomFacetItem:
    """Return a custom facet in wire format. Users with level RUN do not see the script."""
    level = platform.store.custom_facet_grants.level(custom_facet.custom_facet_id, caller)
    is_hidden = level == CustomFacetAccessLevel.RUN
    return {
        "custom_facet_id": custom_facet.custom_facet_id,
        "name": custom_facet.name,
        "chain_group": custom_facet.chain_group,
        "facet_uid": _facet_uid(custom_facet.chain_group),
        "description": custom_facet.description,
        "tags": custom_facet.tags,
        "python_script": "" if is_hidden else custom_facet.python_script,
        "libraries": [] if is_hidden else custom_facet.libraries,
        "rootkit_token": "" if is_hidden else custom_facet.rootkit_token,
        "arguments": cast(list[CustomFacetArgument], custom_facet.arguments),
        "created_at": str(custom_facet.created_at),
        "modified_at": str(custom_facet.modified_at),
    }


def _version_answer(version: CustomFacetVersion) -> CustomFacetVersionItem:
    return {
        "version": version.name,
        "version_id": version.version_id,
        "custom_facet_id": version.custom_facet_id,
        "description": version.description,
        "arguments": cast(list[CustomFacetArgument], version.arguments),
        "created_at": str(version.created_at),
    }


def _facet_uid(chain_group: str) -> str:
    groups = load_facet_specs()[chain_group].values()
    return next(str(group[FACET_TYPE]["facet_info"]["facet_uid"]) for group in groups if FACET_TYPE in group)
