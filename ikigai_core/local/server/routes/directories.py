"""Directories of apps, datasets, flows and models."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ikigai_core.local.server.routes.common import Body, Caller, Given, Name, PlatformPart, directory_answer
from ikigai_core.local.server.routes.routers import guarded_router
from ikigai_core.local.server.schemas.directories import DirectoriesFound, DirectoryFound, DirectoryRef
from ikigai_core.local.store import timestamps
from ikigai_core.local.store.directories import Directory
from ikigai_core.local.store.ids import new_id

router = guarded_router()


class NewAppDirectory(Given):
    name: Name
    parent_id: str = ""


class NewDirectory(NewAppDirectory):
    project_id: str


class DirectoryId(Given):
    directory_id: str


class CreateAppDirectory(Body):
    directory: NewAppDirectory


class CreateDirectory(Body):
    directory: NewDirectory


class DeleteDirectory(Body):
    directory: DirectoryId


def _create(platform: PlatformPart, kind: str, app_id: str, new: NewAppDirectory, owner: str = "") -> DirectoryRef:
    directories = platform.store.directories
    parent_id = directories.check(new.parent_id, kind, app_id, "directory.parent_id", owner=owner)
    directory = Directory(new_id(), new.name, kind, app_id, parent_id, timestamps.now(), owner.casefold())
    return {"directory_id": directories.add(directory).directory_id}


def _list(platform: PlatformPart, kind: str, app_id: str, parent_id: str | None, owner: str = "") -> DirectoriesFound:
    inside = {} if parent_id is None else {"parent_id": parent_id}
    found = platform.store.directories.all(kind=kind, app_id=app_id, owner=owner.casefold(), **inside)
    return {"directories": [directory_answer(directory) for directory in found]}


@router.post("/component/create-project-directory")
def create_app_directory(platform: PlatformPart, caller: Caller, body: CreateAppDirectory) -> DirectoryRef:
    """Create a directory of apps."""
    return _create(platform, "PROJECT", "", body.directory, caller)


@router.get("/component/get-project-directory")
def get_app_directory(platform: PlatformPart, caller: Caller, directory_id: str) -> DirectoryFound:
    """Return a directory of apps."""
    directory = platform.store.directories.get(directory_id, kind="PROJECT", owner=caller.casefold())
    return {"directory": directory_answer(directory)}


@router.get("/component/get-project-directories-for-user")
def get_app_directories(
    platform: PlatformPart, caller: Caller, fetch_all: bool = False, directory_id: str | None = None
) -> DirectoriesFound:
    """Return all app directories of the caller, or those in a directory."""
    return _list(platform, "PROJECT", "", None if fetch_all else directory_id, caller)


@router.post("/component/delete-project-directory")
def delete_app_directory(platform: PlatformPart, caller: Caller, body: DeleteDirectory) -> DirectoryRef:
    """Delete a directory of apps. Its content moves up one level."""
    store = platform.store
    with store.transaction():
        directory = store.directories.get(body.directory.directory_id, kind="PROJECT", owner=caller.casefold())
        for app in store.apps.all(directory_id=directory.directory_id):
            store.apps.touch(app.app_id, directory_id=directory.parent_id)
        store.directories.dissolve(directory)
    return {"directory_id": directory.directory_id}


def _creator(kind: str) -> Callable[..., Any]:
    def create_directory(platform: PlatformPart, body: CreateDirectory) -> DirectoryRef:
        """Create a directory in an app."""
        app = platform.store.apps.get(body.directory.project_id)
        return _create(platform, kind, app.app_id, body.directory)

    return create_directory


def _getter(kind: str) -> Callable[..., Any]:
    def get_directory(platform: PlatformPart, project_id: str, directory_id: str) -> DirectoryFound:
        """Return a directory of an app."""
        directory = platform.store.directories.get(directory_id, kind=kind, app_id=project_id)
        return {"directory": directory_answer(directory)}

    return get_directory


def _lister(kind: str) -> Callable[..., Any]:
    def get_directories(platform: PlatformPart, project_id: str, directory_id: str | None = None) -> DirectoriesFound:
        """Return all directories of this kind in an app, or those in a directory."""
        return _list(platform, kind, platform.store.apps.get(project_id).app_id, directory_id)

    return get_directories


for word in ("dataset", "pipeline", "model"):
    router.post(f"/component/create-{word}-directory")(_creator(word.upper()))
    router.get(f"/component/get-{word}-directory")(_getter(word.upper()))
    router.get(f"/component/get-{word}-directories-for-project")(_lister(word.upper()))
