"""Directories, for each kind of component that can be put into one."""

from __future__ import annotations

from typing import Any

from ikigai_core.api.answers import Record, objects, one, text
from ikigai_core.api.call import Call, get, post
from ikigai_core.enums import DirectoryType


def _word(kind: DirectoryType) -> str:
    return kind.value.lower()


def create(kind: DirectoryType, name: str, *, app_id: str | None = None, parent_id: str = "") -> Call[str]:
    directory: Record = {"name": name, "parent_id": parent_id}
    if app_id is not None:
        directory["project_id"] = app_id
    path = f"/component/create-{_word(kind)}-directory"
    return post(path, text("directory_id"), {"directory": directory}, repeatable=False)


def fetch(kind: DirectoryType, directory_id: str, *, app_id: str | None = None) -> Call[Record]:
    path = f"/component/get-{_word(kind)}-directory"
    return get(path, one("directory", "directory_id", "name"), project_id=app_id, directory_id=directory_id)


def listing(kind: DirectoryType, *, app_id: str | None = None, parent_id: str | None = None) -> Call[list[Record]]:
    def read(answer: Any) -> list[Record]:
        return objects(answer, "directories", "directory_id", "name")

    if kind is DirectoryType.APP:
        return get(
            "/component/get-project-directories-for-user",
            read,
            fetch_all=str(parent_id is None),
            directory_id=parent_id,
        )
    path = f"/component/get-{_word(kind)}-directories-for-project"
    return get(path, read, project_id=app_id, directory_id=parent_id)


def delete(directory_id: str) -> Call[str]:
    """Delete a directory of apps. The platform cannot delete other directories."""
    body = {"directory": {"directory_id": directory_id}}
    return post("/component/delete-project-directory", text("directory_id"), body)
