"""Models and their versions."""

from __future__ import annotations

from functools import partial
from typing import Any, cast

from ikigai_core.local.platform import Platform
from ikigai_core.local.problems import bad_request
from ikigai_core.local.server.routes.common import (
    Body,
    DirectoryPart,
    Given,
    Name,
    PlatformPart,
    edits,
    listed,
    pick,
    place_answer,
    within,
)
from ikigai_core.local.server.routes.routers import guarded_router
from ikigai_core.local.server.schemas.models import (
    ModelFound,
    ModelItem,
    ModelMetrics,
    ModelRef,
    ModelsFound,
    ModelVersionFound,
    ModelVersionItem,
    ModelVersionsFound,
)
from ikigai_core.local.specs import load_model_specs
from ikigai_core.local.store import timestamps
from ikigai_core.local.store.ids import new_id
from ikigai_core.local.store.models import Model, ModelVersion

router = guarded_router()


class NewModel(Given):
    project_id: str
    name: Name
    directory: DirectoryPart | None = None
    model_type: str
    sub_model_type: str
    description: str = ""


class ModelId(Given):
    project_id: str
    model_id: str


class ModelEdit(ModelId):
    name: Name | None = None
    directory: DirectoryPart | None = None
    description: str | None = None


class CreateModel(Body):
    model: NewModel


class EditModel(Body):
    model: ModelEdit


class DeleteModel(Body):
    model: ModelId


def model_answer(platform: Platform, model: Model) -> ModelItem:
    """Return a model in wire format."""
    versions = platform.store.model_versions.all(model_id=model.model_id)
    return {
        "project_id": model.app_id,
        "model_id": model.model_id,
        "name": model.name,
        "latest_version_id": versions[-1].version_id if versions else "",
        "directory": place_answer(platform, "MODEL", model.directory_id),
        "model_type": model.model_type,
        "sub_model_type": model.sub_model_type,
        "description": model.description,
        "created_at": str(model.created_at),
        "modified_at": str(model.modified_at),
    }


@router.post("/component/create-model")
def create_model(platform: PlatformPart, body: CreateModel) -> ModelRef:
    """Create an untrained model."""
    new = body.model
    app = platform.store.apps.get(new.project_id)
    _check_type(new)
    now = timestamps.now()
    model = Model(
        model_id=new_id(),
        app_id=app.app_id,
        name=new.name,
        directory_id=_place(platform, app.app_id, new.directory),
        model_type=new.model_type,
        sub_model_type=new.sub_model_type,
        description=new.description,
        created_at=now,
        modified_at=now,
    )
    return {"model_id": platform.store.models.add(model).model_id}


@router.get("/component/get-model")
def get_model(
    platform: PlatformPart, project_id: str, model_id: str | None = None, name: str | None = None
) -> ModelFound:
    """Return one model of an app, by id or name."""
    model = pick(platform.store.models, "model_id", model_id, name, app_id=project_id)
    return {"model": model_answer(platform, model)}


@router.get("/component/get-models-for-project")
def get_models(
    platform: PlatformPart, project_id: str, fetch_all: bool = False, directory_id: str | None = None
) -> ModelsFound:
    """Return all models of an app, or those in a directory."""
    app = platform.store.apps.get(project_id)
    models = platform.store.models.all(app_id=app.app_id, **within(fetch_all, directory_id))
    items, warning = listed(platform, models, partial(model_answer, platform))
    return {"models": items, "limit_warning": warning}


@router.get("/search/search-models-for-project")
def search_models(platform: PlatformPart, project_id: str, query: str) -> ModelsFound:
    """Return the models of an app with the query in their names."""
    app = platform.store.apps.get(project_id)
    models = platform.store.models.search(query, app_id=app.app_id)
    items, warning = listed(platform, models, partial(model_answer, platform))
    return {"models": items, "limit_warning": warning}


@router.post("/component/edit-model")
def edit_model(platform: PlatformPart, body: EditModel) -> ModelRef:
    """Change a model's name, description or directory."""
    edit = body.model
    model = platform.store.models.get(edit.model_id, app_id=edit.project_id)
    changes = edits(edit, name="name", description="description")
    if edit.directory is not None:
        changes["directory_id"] = _place(platform, model.app_id, edit.directory)
    platform.store.models.edit(model.model_id, **changes)
    return {"model_id": model.model_id}


@router.post("/component/delete-model")
def delete_model(platform: PlatformPart, body: DeleteModel) -> ModelRef:
    """Delete a model and its versions."""
    model = platform.store.models.get(body.model.model_id, app_id=body.model.project_id)
    data = [version.data_file for version in platform.store.model_versions.all(model_id=model.model_id)]
    platform.store.delete_model(model.model_id)
    platform.files.retire(*data)
    return {"model_id": model.model_id}


@router.get("/component/get-model-version")
def get_model_version(platform: PlatformPart, project_id: str, version_id: str) -> ModelVersionFound:
    """Return one version of a model."""
    return {"model_version": _version_answer(platform.store.model_versions.get(version_id, app_id=project_id))}


@router.get("/component/get-model-versions")
def get_model_versions(platform: PlatformPart, project_id: str, model_id: str) -> ModelVersionsFound:
    """Return all versions of a model, newest first."""
    model = platform.store.models.get(model_id, app_id=project_id)
    versions = platform.store.model_versions.all(model_id=model.model_id)
    return {"versions": [_version_answer(version) for version in reversed(versions)]}


def _version_answer(version: ModelVersion) -> ModelVersionItem:
    return {
        "version_id": version.version_id,
        "model_id": version.model_id,
        "version": version.name,
        "hyperparameters": version.hyperparameters,
        "metrics": cast(ModelMetrics, version.metrics),
        "created_at": str(version.created_at),
        "modified_at": str(version.modified_at),
    }


def _check_type(new: NewModel) -> None:
    types: dict[str, Any] = {spec["name"]: spec for spec in load_model_specs().values()}
    if new.model_type not in types:
        raise bad_request(f"model.model_type: {new.model_type!r} must be one of {', '.join(sorted(types))}")
    sub_types = [spec["name"] for spec in types[new.model_type]["sub_model_types"]]
    if new.sub_model_type not in sub_types:
        raise bad_request(f"model.sub_model_type: {new.sub_model_type!r} must be one of {', '.join(sub_types)}")


def _place(platform: Platform, app_id: str, directory: DirectoryPart | None) -> str:
    directory_id = directory.directory_id if directory else ""
    return platform.store.directories.check(directory_id, "MODEL", app_id, "model.directory.directory_id")
