"""Directories of apps, datasets, flows and models."""

from __future__ import annotations

from collections.abc import Callable

from fastapi import APIRouter
from pydantic import BaseModel

from ikigai_core.local import stamps
from ikigai_core.local.ids import new_id
from ikigai_core.local.routes.common import Answer, Body, Name, PlatformPart, directory_answer
from ikigai_core.local.store.directories import Directory

router = APIRouter()


class NewAppDirectory(BaseModel):
    name: Name
    parent_id: str = ""


class NewDirectory(NewAppDirectory):
    project_id: str


class DirectoryId(BaseModel):
    directory_id: str


class CreateAppDirectory(Body):
    directory: NewAppDirectory


class CreateDirectory(Body):
    directory: NewDirectory


class DeleteDirectory(Body):
    directory: DirectoryId


def _create(platform: PlatformPart, kind: str, app_id: str, new: NewAppDirectory) -> Answer:
    directories = platform.store.directories
    parent_id = directories.check(new.parent_id, kind, app_id, "directory.parent_id")
    directory = Directory(new_id(), new.name, kind, app_id, parent_id, stamps.now())
    return {"directory_id": directories.add(directory).directory_id}


def _list(platform: PlatformPart, kind: str, app_id: str, parent_id: str | None) -> Answer:
    inside = {} if parent_id is None else {"parent_id": parent_id}
    found = platform.store.directories.all(kind=kind, app_id=app_id, **inside)
    return {"directories": [directory_answer(directory) for directory in found]}


@router.post("/component/create-project-directory")
def create_app_directory(platform: PlatformPart, body: CreateAppDirectory) -> Answer:
    """Create a directory of apps."""
    return _create(platform, "PROJECT", "", body.directory)


@router.get("/component/get-project-directory")
def get_app_directory(platform: PlatformPart, directory_id: str) -> Answer:
    """Return a directory of apps."""
    return {"directory": directory_answer(platform.store.directories.get(directory_id, kind="PROJECT"))}


@router.get("/component/get-project-directories-for-user")
def get_app_directories(platform: PlatformPart, fetch_all: bool = False, directory_id: str | None = None) -> Answer:
    """Return all directories of apps, or those in a directory."""
    return _list(platform, "PROJECT", "", None if fetch_all else directory_id)


@router.post("/component/delete-project-directory")
def delete_app_directory(platform: PlatformPart, body: DeleteDirectory) -> Answer:
    """Delete a directory of apps; what was in it moves up."""
    store = platform.store
    with store.transaction():
        directory = store.directories.get(body.directory.directory_id, kind="PROJECT")
        for app in store.apps.all(directory_id=directory.directory_id):
            store.apps.touch(app.app_id, directory_id=directory.parent_id)
        store.directories.dissolve(directory)
    return {"directory_id": directory.directory_id}


def _creator(kind: str) -> Callable[..., Answer]:
    def create_directory(platform: PlatformPart, body: CreateDirectory) -> Answer:
        """Create a directory in an app."""
        app = platform.store.apps.get(body.directory.project_id)
        return _create(platform, kind, app.app_id, body.directory)

    return create_directory


def _getter(kind: str) -> Callable[..., Answer]:
    def get_directory(platform: PlatformPart, project_id: str, directory_id: str) -> Answer:
        """Return a directory of an app."""
        directory = platform.store.directories.get(directory_id, kind=kind, app_id=project_id)
        return {"directory": directory_answer(directory)}

    return get_directory


def _lister(kind: str) -> Callable[..., Answer]:
    def get_directories(platform: PlatformPart, project_id: str, directory_id: str | None = None) -> Answer:
        """Return all directories of this kind in an app, or those in a directory."""
        return _list(platform, kind, platform.store.apps.get(project_id).app_id, directory_id)

    return get_directories


for word in ("dataset", "pipeline", "model"):
    router.post(f"/component/create-{word}-directory")(_creator(word.upper()))
    router.get(f"/component/get-{word}-directory")(_getter(word.upper()))
    router.get(f"/component/get-{word}-directories-for-project")(_lister(word.upper()))
