"""Apps, called projects in the API, and their users."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import Field

from ikigai_core.local.platform import Platform
from ikigai_core.local.problems import bad_request, conflict, not_found
from ikigai_core.local.server.routes import datasets, flows, models
from ikigai_core.local.server.routes.common import (
    Body,
    Caller,
    DirectoryPart,
    Email,
    Given,
    Name,
    PlatformPart,
    directory_answer,
    edits,
    listed,
    place_answer,
)
from ikigai_core.local.server.routes.routers import guarded_router
from ikigai_core.local.server.schemas.apps import AppFound, AppItem, AppRef, AppsFound, ComponentsFound
from ikigai_core.local.store import timestamps
from ikigai_core.local.store.access import AccessLevel
from ikigai_core.local.store.apps import App
from ikigai_core.local.store.ids import new_id

router = guarded_router()

_UNUSED = (
    "charts",
    "connectors",
    "dashboards",
    "databases",
    "external_resources",
    "connector_directories",
    "dashboard_directories",
    "database_directories",
    "external_resource_directories",
)


class NewApp(Given):
    name: Name
    description: str = ""
    directory: DirectoryPart | None = None


class AppId(Given):
    project_id: str


class AppEdit(AppId):
    name: Name | None = None
    description: str | None = None
    directory: DirectoryPart | None = None


class User(Given):
    email: Email


class UserAccess(User):
    project_access_level: Annotated[AccessLevel, Field(strict=False)]


class CreateApp(Body):
    project: NewApp


class EditApp(Body):
    project: AppEdit


class DeleteApp(Body):
    project: AppId


class ShareApp(Body):
    project: AppId
    user: UserAccess


class UnshareApp(Body):
    project: AppId
    user: User


def app_answer(platform: Platform, app: App, caller: str) -> AppItem:
    """Return an app in wire format, for one of its users."""
    return {
        "project_id": app.app_id,
        "name": app.name,
        "owner": app.owner,
        "description": app.description,
        "icon": app.icon,
        "images": app.images,
        "directory": place_answer(platform, "PROJECT", _directory_id(app, caller)),
        "created_at": str(app.created_at),
        "modified_at": str(app.modified_at),
        "last_used_at": str(app.last_used_at),
    }


@router.post("/component/create-project")
def create_app(platform: PlatformPart, caller: Caller, body: CreateApp) -> AppRef:
    """Create an app, owned by the caller."""
    new = body.project
    directory_id = _place(platform, new.directory, caller)
    now = timestamps.now()
    app = App(new_id(), new.name, caller, new.description, directory_id, now, now, now)
    with platform.store.transaction():
        platform.store.apps.add(app)
        platform.store.app_grants.set(app.app_id, caller, AccessLevel.OWNER)
    return {"project_id": app.app_id}


@router.get("/component/get-project")
def get_app(platform: PlatformPart, caller: Caller, project_id: str | None = None, name: str | None = None) -> AppFound:
    """Return one app, by id or name. If several have this name, the caller's own app comes first."""
    if project_id is not None:
        app = platform.store.apps.get(project_id)
    elif name is not None:
        app = _named(platform, caller, name)
    else:
        raise bad_request("project_id: required, or name")
    return {"project": app_answer(platform, app, caller)}


@router.get("/component/get-projects-for-user")
def get_apps(
    platform: PlatformPart, caller: Caller, fetch_all: bool = False, directory_id: str | None = None
) -> AppsFound:
    """Return all apps that the caller may use, or those in a directory."""
    apps = _visible(platform, caller, platform.store.apps.all())
    if not fetch_all and directory_id is not None:
        apps = [app for app in apps if _directory_id(app, caller) == directory_id]
    items, warning = listed(platform, apps, lambda app: app_answer(platform, app, caller))
    return {"projects": items, "limit_warning": warning}


@router.get("/search/search-projects-for-user")
def search_apps(platform: PlatformPart, caller: Caller, query: str) -> AppsFound:
    """Return the apps that the caller may use, with the query in their names."""
    apps = _visible(platform, caller, platform.store.apps.search(query))
    items, warning = listed(platform, apps, lambda app: app_answer(platform, app, caller))
    return {"projects": items, "limit_warning": warning}


@router.get("/component/get-components-for-project")
def get_components(platform: PlatformPart, project_id: str) -> ComponentsFound:
    """Return everything in an app."""
    store = platform.store
    app_id = store.apps.get(project_id).app_id
    components: Any = {kind: [] for kind in _UNUSED}
    components["datasets"] = [datasets.dataset_answer(platform, item) for item in store.datasets.all(app_id=app_id)]
    components["pipelines"] = [flows.flow_answer(platform, item) for item in store.flows.all(app_id=app_id)]
    components["models"] = [models.model_answer(platform, item) for item in store.models.all(app_id=app_id)]
    components["users"] = [
        {"email": grant.email, "project_access_level": grant.access_level} for grant in store.app_grants.of(app_id)
    ]
    for kind in ("dataset", "pipeline", "model"):
        found = store.directories.all(app_id=app_id, kind=kind.upper())
        components[f"{kind}_directories"] = [directory_answer(directory) for directory in found]
    return {"project_components": {app_id: components}}


@router.post("/component/edit-project")
def edit_app(platform: PlatformPart, body: EditApp) -> AppRef:
    """Change an app's name, description or directory."""
    app = platform.store.apps.get(body.project.project_id)
    changes = edits(body.project, name="name", description="description")
    if body.project.directory is not None:
        changes["directory_id"] = _place(platform, body.project.directory, app.owner)
    platform.store.apps.edit(app.app_id, **changes)
    return {"project_id": app.app_id}


@router.post("/component/delete-project")
def delete_app(platform: PlatformPart, body: DeleteApp) -> AppRef:
    """Delete an app and everything in it. Runs in progress end."""
    app = platform.store.apps.get(body.project.project_id)
    platform.delete_app(app.app_id)
    return {"project_id": app.app_id}


@router.post("/component/share-project")
def share_app(platform: PlatformPart, body: ShareApp) -> AppRef:
    """Give a user access to an app."""
    app = platform.store.apps.get(body.project.project_id)
    _check_not_owner(app, body.user.email)
    platform.store.app_grants.set(app.app_id, body.user.email, body.user.project_access_level)
    return {"project_id": app.app_id}


@router.post("/component/edit-project-access-level-for-user")
def edit_access(platform: PlatformPart, body: ShareApp) -> AppRef:
    """Change a user's access level for an app."""
    app = platform.store.apps.get(body.project.project_id)
    _check_not_owner(app, body.user.email)
    platform.store.app_grants.change(app.app_id, body.user.email, body.user.project_access_level)
    return {"project_id": app.app_id}


@router.post("/component/unshare-project")
def unshare_app(platform: PlatformPart, body: UnshareApp) -> AppRef:
    """Revoke a user's access to an app."""
    app = platform.store.apps.get(body.project.project_id)
    _check_not_owner(app, body.user.email)
    platform.store.app_grants.revoke(app.app_id, body.user.email)
    return {"project_id": app.app_id}


def _visible(platform: Platform, caller: str, apps: list[App]) -> list[App]:
    levels = platform.store.app_grants.levels(caller)
    return [app for app in apps if app.app_id in levels]


def _named(platform: Platform, caller: str, name: str) -> App:
    found = _visible(platform, caller, platform.store.apps.all(name=name))
    if not found:
        raise not_found("App", name)
    return min(found, key=lambda app: not _is_owner(app, caller))


def _is_owner(app: App, email: str) -> bool:
    return app.owner.casefold() == email.casefold()


def _directory_id(app: App, caller: str) -> str:
    """Return the directory in which the caller sees the app. Only owners see their directories."""
    return app.directory_id if _is_owner(app, caller) else ""


def _check_not_owner(app: App, email: str) -> None:
    if _is_owner(app, email):
        raise conflict(f"{email} owns app {app.name!r}: the access of an app's owner cannot be changed")


def _place(platform: Platform, directory: DirectoryPart | None, owner: str) -> str:
    directory_id = directory.directory_id if directory else ""
    field = "project.directory.directory_id"
    return platform.store.directories.check(directory_id, "PROJECT", "", field, owner=owner)
