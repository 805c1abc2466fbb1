"""Apps; *projects* in the platform's API."""

from __future__ import annotations

from typing import Any

from ikigai_core.api.answers import Listing, Record, get_field, many, one, text
from ikigai_core.api.call import Call, get, post


def create(name: str, description: str = "", directory: Record | None = None) -> Call[str]:
    project = {"name": name, "description": description, "directory": directory or {}}
    return post("/component/create-project", text("project_id"), {"project": project}, repeatable=False)


def fetch(app_id: str) -> Call[Record]:
    return get("/component/get-project", one("project"), project_id=app_id)


def by_name(name: str) -> Call[Record]:
    return get("/component/get-project", one("project", "project_id", "name"), name=name)


def listing(directory_id: str | None = None) -> Call[Listing]:
    return get(
        "/component/get-projects-for-user",
        many("projects", "project_id", "name"),
        fetch_all=str(directory_id is None),
        directory_id=directory_id,
    )


def search(query: str) -> Call[Listing]:
    return get("/search/search-projects-for-user", many("projects", "project_id", "name"), query=query)


def components(app_id: str) -> Call[Record]:
    def read(answer: Any) -> Record:
        return get_field(get_field(answer, "project_components", dict), app_id, dict, "project_components")

    return get("/component/get-components-for-project", read, project_id=app_id)


def edit(app_id: str, **changes: Any) -> Call[str]:
    project = {"project_id": app_id, **changes}
    return post("/component/edit-project", text("project_id"), {"project": project})


def delete(app_id: str) -> Call[str]:
    return post("/component/delete-project", text("project_id"), {"project": {"project_id": app_id}})


def share(app_id: str, email: str, access_level: str) -> Call[str]:
    return _set_access("/component/share-project", app_id, email, access_level)


def edit_access(app_id: str, email: str, access_level: str) -> Call[str]:
    return _set_access("/component/edit-project-access-level-for-user", app_id, email, access_level)


def _set_access(path: str, app_id: str, email: str, access_level: str) -> Call[str]:
    body = {"project": {"project_id": app_id}, "user": {"email": email, "project_access_level": access_level}}
    return post(path, text("project_id"), body)


def unshare(app_id: str, email: str) -> Call[str]:
    body = {"project": {"project_id": app_id}, "user": {"email": email}}
    return post("/component/unshare-project", text("project_id"), body)
