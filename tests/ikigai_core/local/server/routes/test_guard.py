"""Who may do what with an app: its owner all, others what was shared with them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from fastapi.routing import APIRoute

from ikigai_core.local.server.routes import apps, datasets, directories, flows, models, runs, uploads

ANN, BOB = "ann@example.com", "bob@example.com"
OF_THE_USER = {
    "/component/create-project",
    "/component/get-projects-for-user",
    "/search/search-projects-for-user",
    "/component/create-project-directory",
    "/component/get-project-directory",
    "/component/get-project-directories-for-user",
    "/component/delete-project-directory",
}
READS = [
    ("get-project", {}),
    ("get-components-for-project", {}),
    ("get-dataset-directories-for-project", {}),
    ("get-dataset-directory", {"directory_id": "{directory}"}),
    ("get-pipeline-directories-for-project", {}),
    ("get-pipeline-directory", {"directory_id": "{directory}"}),
    ("get-model-directories-for-project", {}),
    ("get-model-directory", {"directory_id": "{directory}"}),
    ("get-dataset", {"dataset_id": "{dataset}"}),
    ("get-datasets-for-project", {}),
    ("/search/search-datasets-for-project", {"query": ""}),
    ("get-dataset-log", {"dataset_id": "{dataset}", "limit": 1}),
    ("get-dataset-download-url", {"dataset_id": "{dataset}"}),
    ("confirm-dataset-upload", {"dataset_id": "{dataset}"}),
    ("get-pipeline", {"pipeline_id": "{flow}"}),
    ("get-pipelines-for-project", {}),
    ("/search/search-pipelines-for-project", {"query": ""}),
    ("is-pipeline-running", {"pipeline_id": "{flow}"}),
    ("get-pipeline-log", {"pipeline_id": "{flow}"}),
    ("get-model", {"model_id": "{model}"}),
    ("get-models-for-project", {}),
    ("/search/search-models-for-project", {"query": ""}),
    ("get-model-version", {"version_id": "none"}),
    ("get-model-versions", {"model_id": "{model}"}),
]
UPLOADS = [
    (
        "get-dataset-multipart-upload-urls",
        {"dataset_id": "{dataset}", "filename": "rows.csv", "file_size": 4},
    ),
    ("verify-dataset-upload", {"dataset_id": "{dataset}", "filename": "rows.csv"}),
]
CHANGES = [
    ("edit-project", "project", {"description": "changed"}),
    ("create-dataset", "dataset", {"name": "new"}),
    ("edit-dataset", "dataset", {"dataset_id": "{dataset}", "name": "rows"}),
    ("delete-dataset", "dataset", {"dataset_id": "{spare_dataset}"}),
    ("complete-dataset-multipart-upload", "dataset", {"dataset_id": "{dataset}", "filename": "rows.csv"}),
    ("create-pipeline", "pipeline", {"name": "new", "definition": {"facets": [], "arrows": []}}),
    ("edit-pipeline", "pipeline", {"pipeline_id": "{flow}", "name": "flow"}),
    ("delete-pipeline", "pipeline", {"pipeline_id": "{spare_flow}"}),
    ("run-pipeline", "pipeline", {"pipeline_id": "{flow}"}),
    ("create-model", "model", {"name": "new", "model_type": "Linear", "sub_model_type": "Lasso"}),
    ("edit-model", "model", {"model_id": "{model}", "name": "model"}),
    ("delete-model", "model", {"model_id": "{spare_model}"}),
    ("create-dataset-directory", "directory", {"name": "new", "parent_id": ""}),
    ("create-pipeline-directory", "directory", {"name": "new", "parent_id": ""}),
    ("create-model-directory", "directory", {"name": "new", "parent_id": ""}),
]
OF_OWNERS = [
    ("share-project", {"email": BOB, "project_access_level": "VIEWER"}),
    ("edit-project-access-level-for-user", {"email": BOB, "project_access_level": "BUILDER"}),
    ("unshare-project", {"email": BOB}),
    ("delete-project", None),
]


class Place:
    """An app with one of everything, and calls about it."""

    def __init__(self, owner: Any) -> None:
        self.owner = owner
        self.app_id = owner.app("Shared")
        self.ids = {"dataset": owner.dataset(self.app_id), "spare_dataset": owner.dataset(self.app_id, "spare")}
        empty = {"facets": [], "arrows": []}
        self.ids |= {name: owner.flow(self.app_id, empty, name) for name in ("flow", "spare_flow")}
        for name in ("model", "spare_model"):
            new = {"project_id": self.app_id, "name": name, "model_type": "Linear", "sub_model_type": "Lasso"}
            self.ids[name] = owner.tell("create-model", {"model": new})["model_id"]
        folder = {"project_id": self.app_id, "name": "folder", "parent_id": ""}
        self.ids["directory"] = owner.tell("create-dataset-directory", {"directory": folder})["directory_id"]

    def share(self, email: str, level: str) -> None:
        user = {"email": email, "project_access_level": level}
        self.owner.tell("share-project", {"project": {"project_id": self.app_id}, "user": user})

    def read(self, api: Any, path: str, query: dict[str, Any]) -> int:
        path = path if path.startswith("/") else f"/component/{path}"
        return int(api.get(path, project_id=self.app_id, **self._filled(query)).status_code)

    def change(self, api: Any, path: str, part: str, fields: dict[str, Any], **more: Any) -> int:
        if path == "complete-dataset-multipart-upload":
            more = {"abort": True, "upload_id": "none"}
        body = {part: {"project_id": self.app_id, **self._filled(fields)}, **more}
        return int(api.post(f"/component/{path}", body).status_code)

    def own(self, api: Any, path: str, user: Any) -> int:
        body = {"project": {"project_id": self.app_id}} | ({"user": user} if user else {})
        return int(api.post(f"/component/{path}", body).status_code)

    def _filled(self, fields: dict[str, Any]) -> dict[str, Any]:
        return {name: value.format(**self.ids) if isinstance(value, str) else value for name, value in fields.items()}


@pytest.fixture
def owner(team: Any, connect: Any) -> Any:
    return connect(team)


@pytest.fixture
def ann(team: Any, connect: Any) -> Any:
    return connect(team, ANN)


@pytest.fixture
def place(owner: Any) -> Iterator[Place]:
    place = Place(owner)
    yield place
    owner.post("/component/delete-project", {"project": {"project_id": place.app_id}})


def test_every_endpoint_about_an_app_is_in_these_tests() -> None:
    modules = (apps, datasets, directories, flows, models, runs, uploads)
    known = {route.path for module in modules for route in module.router.routes if isinstance(route, APIRoute)}
    named = [path for path, *_ in (*READS, *UPLOADS, *CHANGES, *OF_OWNERS)]
    assert known == OF_THE_USER | {path if path.startswith("/") else f"/component/{path}" for path in named}


def test_an_app_is_not_there_for_those_it_is_not_shared_with(ann: Any, place: Place) -> None:
    assert {path: place.read(ann, path, query) for path, query in (*READS, *UPLOADS)} == {
        path: 404 for path, _ in (*READS, *UPLOADS)
    }
    assert {path: place.change(ann, path, part, fields) for path, part, fields in CHANGES} == {
        path: 404 for path, *_ in CHANGES
    }
    assert {path: place.own(ann, path, user) for path, user in OF_OWNERS} == {path: 404 for path, _ in OF_OWNERS}
    assert ann.get("/component/get-pipeline", pipeline_id=place.ids["flow"]).status_code == 404
    assert ann.get("/component/get-project", name="Shared").status_code == 404
    listed = ann.ask("get-projects-for-user", fetch_all="True")["projects"]
    found = ann.ask("/search/search-projects-for-user", query="Shared")["projects"]
    assert place.app_id not in [app["project_id"] for app in (*listed, *found)]


def test_a_viewer_reads_and_changes_nothing(ann: Any, place: Place) -> None:
    place.share(ANN, "VIEWER")
    refused = {path for path, query in READS if place.read(ann, path, query) == 403}
    assert not refused
    assert ann.ask("get-pipeline", pipeline_id=place.ids["flow"])["pipeline"]["name"] == "flow"
    assert {path: place.read(ann, path, query) for path, query in UPLOADS} == {path: 403 for path, _ in UPLOADS}
    assert {path: place.change(ann, path, part, fields) for path, part, fields in CHANGES} == {
        path: 403 for path, *_ in CHANGES
    }
    assert {path: place.own(ann, path, user) for path, user in OF_OWNERS} == {path: 403 for path, _ in OF_OWNERS}


def test_a_builder_changes_what_is_in_an_app_and_does_not_share_it(ann: Any, place: Place) -> None:
    place.share(ANN, "BUILDER")
    assert place.read(ann, *UPLOADS[0]) == 200
    statuses = {path: place.change(ann, path, part, fields) for path, part, fields in CHANGES}
    # This upload was never begun.
    assert statuses.pop("complete-dataset-multipart-upload") == 404
    assert set(statuses.values()) == {200}
    assert {path: place.own(ann, path, user) for path, user in OF_OWNERS} == {path: 403 for path, _ in OF_OWNERS}
    log = ann.wait(place.app_id, place.ids["flow"])
    assert log["user"] == ANN


def test_a_second_owner_shares_and_deletes(ann: Any, place: Place) -> None:
    place.share(ANN, "OWNER")
    assert {path: place.own(ann, path, user) for path, user in OF_OWNERS} == {path: 200 for path, _ in OF_OWNERS}
    assert place.read(place.owner, "get-project", {}) == 404


def test_nobody_takes_an_app_from_its_owner(ann: Any, place: Place) -> None:
    place.share(ANN, "OWNER")
    project, email = {"project_id": place.app_id}, place.owner.platform.user_email.upper()
    answer = ann.post("/component/unshare-project", {"project": project, "user": {"email": email}})
    assert answer.status_code == 409
    assert "owns app 'Shared'" in answer.json()["message"]


def test_a_refusal_says_what_is_needed_and_who_can_help(ann: Any, place: Place) -> None:
    place.share(ANN.upper(), "VIEWER")
    answer = ann.post("/component/edit-project", {"project": {"project_id": place.app_id, "name": "mine"}})
    message = (
        f"App 'Shared' is shared with you as VIEWER, and this needs BUILDER: ask {place.owner.platform.user_email}"
    )
    assert message in answer.json()["message"]


def test_directories_of_apps_are_each_users_own(ann: Any, place: Place) -> None:
    new = {"directory": {"name": "mine", "parent_id": ""}}
    directory_id = place.owner.tell("create-project-directory", new)["directory_id"]
    moved = {"project_id": place.app_id, "directory": {"directory_id": directory_id}}
    place.owner.tell("edit-project", {"project": moved})
    place.share(ANN, "BUILDER")
    listed = ann.ask("get-project-directories-for-user", fetch_all="True")["directories"]
    assert directory_id not in [directory["directory_id"] for directory in listed]
    assert ann.get("/component/get-project-directory", directory_id=directory_id).status_code == 404
    assert ann.ask("get-project", project_id=place.app_id)["project"]["directory"]["directory_id"] == ""
    at_root = ann.ask("get-projects-for-user", directory_id="")["projects"]
    assert place.app_id in [app["project_id"] for app in at_root]
    assert ann.post("/component/edit-project", {"project": moved | {"project_id": ann.app()}}).status_code == 400


def test_a_name_is_looked_for_among_ones_own_apps_first(ann: Any, place: Place) -> None:
    place.share(ANN, "VIEWER")
    assert ann.ask("get-project", name="Shared")["project"]["project_id"] == place.app_id
    own = ann.app("Shared")
    assert ann.ask("get-project", name="Shared")["project"]["project_id"] == own
    ann.tell("delete-project", {"project": {"project_id": own}})
