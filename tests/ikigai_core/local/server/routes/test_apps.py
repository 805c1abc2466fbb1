"""Apps, and who may use them."""

from __future__ import annotations

from typing import Any

import pytest

COMPONENTS = {
    "charts",
    "connectors",
    "dashboards",
    "datasets",
    "databases",
    "pipelines",
    "models",
    "external_resources",
    "users",
    "connector_directories",
    "dashboard_directories",
    "dataset_directories",
    "database_directories",
    "pipeline_directories",
    "model_directories",
    "external_resource_directories",
}


def test_a_new_app_has_every_field_of_the_wire(api: Any) -> None:
    app_id = api.app("Fields", description="why", directory={})
    app = api.ask("get-project", project_id=app_id)["project"]
    assert app["project_id"] == app_id
    assert len(app_id) == 27
    assert (app["name"], app["description"]) == ("Fields", "why")
    assert (app["owner"], app["icon"], app["images"]) == (api.platform.user_email, "", [])
    assert app["directory"] == {
        "directory_id": "",
        "name": "",
        "type": "PROJECT",
        "project_id": "",
        "parent_id": "",
        "size": "0",
    }
    for field in ("created_at", "modified_at", "last_used_at"):
        assert app[field].isdigit()


def test_two_apps_may_share_a_name(api: Any) -> None:
    first, second = api.app("twins"), api.app("twins")
    assert api.ask("get-project", name="twins")["project"]["project_id"] in (first, second)
    listed = api.ask("get-projects-for-user", fetch_all="True")
    assert listed["limit_warning"] == ""
    assert {first, second} <= {app["project_id"] for app in listed["projects"]}


def test_an_app_that_is_not_there_is_a_404(api: Any) -> None:
    answer = api.get("/component/get-project", name="no such app")
    assert answer.status_code == 404
    assert "no such app" in answer.json()["message"]


def test_what_is_absent_from_an_edit_stays(api: Any, app_id: str) -> None:
    api.tell("edit-project", {"project": {"project_id": app_id, "description": "new"}})
    api.tell("edit-project", {"project": {"project_id": app_id, "name": "other"}})
    app = api.ask("get-project", project_id=app_id)["project"]
    assert (app["name"], app["description"]) == ("other", "new")


@pytest.mark.parametrize(("query", "is_found"), [("seArch m", True), ("Search me now", True), ("zzz", False)])
def test_search_finds_parts_of_names(api: Any, query: str, is_found: bool) -> None:
    app_id = api.app("Search me now")
    answer = api.ask("/search/search-projects-for-user", query=query)
    assert answer["limit_warning"] == ""
    assert (app_id in [app["project_id"] for app in answer["projects"]]) is is_found


def test_a_new_app_has_no_components(api: Any, app_id: str) -> None:
    components = api.ask("get-components-for-project", project_id=app_id)["project_components"][app_id]
    assert set(components) == COMPONENTS
    assert components.pop("users") == [{"email": api.platform.user_email, "project_access_level": "OWNER"}]
    assert not any(components.values())


def test_components_of_every_kind_are_listed(api: Any, app_id: str, definition: Any) -> None:
    dataset_id = api.dataset(app_id)
    flow_id = api.flow(app_id, definition(dataset_id))
    folder = {"directory": {"name": "folder", "project_id": app_id, "parent_id": ""}}
    directory_id = api.tell("create-pipeline-directory", folder)["directory_id"]
    components = api.ask("get-components-for-project", project_id=app_id)["project_components"][app_id]
    assert [dataset["dataset_id"] for dataset in components["datasets"]] == [dataset_id]
    assert [flow["pipeline_id"] for flow in components["pipelines"]] == [flow_id]
    assert [folder["directory_id"] for folder in components["pipeline_directories"]] == [directory_id]


def test_a_deleted_app_takes_everything_with_it(api: Any, definition: Any) -> None:
    app_id = api.app()
    dataset_id = api.dataset(app_id)
    flow_id = api.flow(app_id, definition(dataset_id))
    api.tell("delete-project", {"project": {"project_id": app_id}})
    assert api.get("/component/get-project", project_id=app_id).status_code == 404
    assert api.get("/component/get-pipeline", pipeline_id=flow_id).status_code == 404
    assert api.get("/component/get-dataset", project_id=app_id, dataset_id=dataset_id).status_code == 404


def test_access_is_given_changed_and_taken_away(api: Any, app_id: str) -> None:
    def users() -> dict[str, str]:
        listed = api.ask("get-components-for-project", project_id=app_id)["project_components"][app_id]["users"]
        return {user["email"]: user["project_access_level"] for user in listed}

    app, friend = {"project_id": app_id}, {"email": "friend@example.com"}
    api.tell("share-project", {"project": app, "user": friend | {"project_access_level": "VIEWER"}})
    assert users()["friend@example.com"] == "VIEWER"
    change = {"project": app, "user": friend | {"project_access_level": "BUILDER"}}
    api.tell("edit-project-access-level-for-user", change)
    assert users()["friend@example.com"] == "BUILDER"
    api.tell("unshare-project", {"project": app, "user": friend})
    assert "friend@example.com" not in users()
    assert api.post("/component/edit-project-access-level-for-user", change).status_code == 404
