"""Models and their versions."""

from __future__ import annotations

from typing import Any

from ikigai_core.api.answers import Listing, Record, many, one, text
from ikigai_core.api.call import Call, get, post


def create(
    app_id: str,
    name: str,
    model_type: str,
    sub_model_type: str,
    *,
    directory: Record | None = None,
    description: str = "",
) -> Call[str]:
    model = {
        "project_id": app_id,
        "name": name,
        "directory": directory or {},
        "model_type": model_type,
        "sub_model_type": sub_model_type,
        "description": description,
    }
    return post("/component/create-model", text("model_id"), {"model": model}, repeatable=False)


def fetch(app_id: str, model_id: str) -> Call[Record]:
    return get("/component/get-model", one("model"), project_id=app_id, model_id=model_id)


def by_name(app_id: str, name: str) -> Call[Record]:
    return get("/component/get-model", one("model", "model_id", "name"), project_id=app_id, name=name)


def listing(app_id: str, directory_id: str | None = None) -> Call[Listing]:
    return get(
        "/component/get-models-for-project",
        many("models", "model_id", "name"),
        project_id=app_id,
        fetch_all=str(directory_id is None),
        directory_id=directory_id,
    )


def search(app_id: str, query: str) -> Call[Listing]:
    return get("/search/search-models-for-project", many("models", "model_id", "name"), project_id=app_id, query=query)


def edit(app_id: str, model_id: str, **changes: Any) -> Call[str]:
    model = {"project_id": app_id, "model_id": model_id, **changes}
    return post("/component/edit-model", text("model_id"), {"model": model})


def delete(app_id: str, model_id: str) -> Call[str]:
    model = {"project_id": app_id, "model_id": model_id}
    return post("/component/delete-model", text("model_id"), {"model": model})


def version(app_id: str, version_id: str) -> Call[Record]:
    return get(
        "/component/get-model-version", one("model_version", "version_id"), project_id=app_id, version_id=version_id
    )


def versions(app_id: str, model_id: str) -> Call[Listing]:
    return get("/component/get-model-versions", many("versions", "version_id"), project_id=app_id, model_id=model_id)
