"""Apps, called projects on the wire, and who may use them."""

from __future__ import annotations

from enum import StrEnum

from fastapi import APIRouter
from pydantic import BaseModel

from ikigai_core.local import stamps
from ikigai_core.local.ids import new_id
from ikigai_core.local.platform import Platform
from ikigai_core.local.routes import datasets, flows, models
from ikigai_core.local.routes.common import (
    Answer,
    Body,
    DirectoryPart,
    Email,
    Name,
    PlatformPart,
    directory_answer,
    edits,
    pick,
    place_answer,
    within,
)
from ikigai_core.local.store.apps import App

router = APIRouter()

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


class AccessLevel(StrEnum):
    """What a user may do with an app."""

    OWNER = "OWNER"
    BUILDER = "BUILDER"
    VIEWER = "VIEWER"


class NewApp(BaseModel):
    name: Name
    description: str = ""
    directory: DirectoryPart | None = None


class AppId(BaseModel):
    project_id: str


class AppEdit(AppId):
    name: Name | None = None
    description: str | None = None
    directory: DirectoryPart | None = None


class User(BaseModel):
    email: Email


class UserAccess(User):
    project_access_level: AccessLevel


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


def app_answer(platform: Platform, app: App) -> Answer:
    """Return an app as the wire has it."""
    return {
        "project_id": app.app_id,
        "name": app.name,
        "owner": app.owner,
        "description": app.description,
        "icon": app.icon,
        "images": app.images,
        "directory": place_answer(platform, "PROJECT", app.directory_id),
        "created_at": str(app.created_at),
        "modified_at": str(app.modified_at),
        "last_used_at": str(app.last_used_at),
    }


@router.post("/component/create-project")
def create_app(platform: PlatformPart, body: CreateApp) -> Answer:
    """Create an app, owned by the platform's user."""
    new = body.project
    directory_id = _place(platform, new.directory)
    now = stamps.now()
    owner = platform.credentials.user_email
    app = App(new_id(), new.name, owner, new.description, directory_id, now, now, now)
    with platform.store.transaction():
        platform.store.apps.add(app)
        platform.store.grants.set(app.app_id, owner, AccessLevel.OWNER)
    return {"project_id": app.app_id}


@router.get("/component/get-project")
def get_app(platform: PlatformPart, project_id: str | None = None, name: str | None = None) -> Answer:
    """Return one app, by id or name."""
    app = pick(platform.store.apps, "project_id", project_id, name)
    return {"project": app_answer(platform, app)}


@router.get("/component/get-projects-for-user")
def get_apps(platform: PlatformPart, fetch_all: bool = False, directory_id: str | None = None) -> Answer:
    """Return all apps, or those in a directory."""
    apps = platform.store.apps.all(**within(fetch_all, directory_id))
    return {"projects": [app_answer(platform, app) for app in apps], "limit_warning": ""}


@router.get("/search/search-projects-for-user")
def search_apps(platform: PlatformPart, query: str) -> Answer:
    """Return the apps whose name has the query in it."""
    apps = platform.store.apps.search(query)
    return {"projects": [app_answer(platform, app) for app in apps], "limit_warning": ""}


@router.get("/component/get-components-for-project")
def get_components(platform: PlatformPart, project_id: str) -> Answer:
    """Return everything that is in an app."""
    store = platform.store
    app_id = store.apps.get(project_id).app_id
    components: Answer = {kind: [] for kind in _UNUSED}
    components["datasets"] = [datasets.dataset_answer(platform, item) for item in store.datasets.all(app_id=app_id)]
    components["pipelines"] = [flows.flow_answer(platform, item) for item in store.flows.all(app_id=app_id)]
    components["models"] = [models.model_answer(platform, item) for item in store.models.all(app_id=app_id)]
    components["users"] = [
        {"email": grant.email, "project_access_level": grant.access_level} for grant in store.grants.of_app(app_id)
    ]
    for kind in ("dataset", "pipeline", "model"):
        found = store.directories.all(app_id=app_id, kind=kind.upper())
        components[f"{kind}_directories"] = [directory_answer(directory) for directory in found]
    return {"project_components": {app_id: components}}


@router.post("/component/edit-project")
def edit_app(platform: PlatformPart, body: EditApp) -> Answer:
    """Change an app's name, description or directory."""
    app = platform.store.apps.get(body.project.project_id)
    changes = edits(body.project, name="name", description="description")
    if body.project.directory is not None:
        changes["directory_id"] = _place(platform, body.project.directory)
    platform.store.apps.edit(app.app_id, **changes)
    return {"project_id": app.app_id}


@router.post("/component/delete-project")
def delete_app(platform: PlatformPart, body: DeleteApp) -> Answer:
    """Delete an app and all that is in it; runs that are under way end."""
    store = platform.store
    app = store.apps.get(body.project.project_id)
    with store.transaction():
        active = [store.runs.active(flow.flow_id) for flow in store.flows.all(app_id=app.app_id)]
        data = [dataset.data_file for dataset in store.datasets.all(app_id=app.app_id)]
        store.delete_app(app.app_id)
    for run in active:
        if run is not None:
            platform.runner.cancel(run)
    platform.files.retire(*data)
    return {"project_id": app.app_id}


@router.post("/component/share-project")
def share_app(platform: PlatformPart, body: ShareApp) -> Answer:
    """Give a user access to an app."""
    app = platform.store.apps.get(body.project.project_id)
    platform.store.grants.set(app.app_id, body.user.email, body.user.project_access_level)
    return {"project_id": app.app_id}


@router.post("/component/edit-project-access-level-for-user")
def edit_access(platform: PlatformPart, body: ShareApp) -> Answer:
    """Change the level of a user's access to an app."""
    app = platform.store.apps.get(body.project.project_id)
    platform.store.grants.change(app.app_id, body.user.email, body.user.project_access_level)
    return {"project_id": app.app_id}


@router.post("/component/unshare-project")
def unshare_app(platform: PlatformPart, body: UnshareApp) -> Answer:
    """Take a user's access to an app away."""
    app = platform.store.apps.get(body.project.project_id)
    platform.store.grants.revoke(app.app_id, body.user.email)
    return {"project_id": app.app_id}


def _place(platform: Platform, directory: DirectoryPart | None) -> str:
    directory_id = directory.directory_id if directory else ""
    return platform.store.directories.check(directory_id, "PROJECT", "", "project.directory.directory_id")
