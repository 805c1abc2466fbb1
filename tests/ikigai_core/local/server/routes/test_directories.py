"""Directories of apps, datasets, flows and models."""

from __future__ import annotations

from typing import Any

import pytest


@pytest.mark.parametrize("kind", ["dataset", "pipeline", "model"])
def test_directories_of_an_app_nest(api: Any, app_id: str, kind: str) -> None:
    def create(name: str, parent_id: str) -> str:
        new = {"directory": {"name": name, "project_id": app_id, "parent_id": parent_id}}
        return str(api.tell(f"create-{kind}-directory", new)["directory_id"])

    def inside(**query: str) -> list[str]:
        listed = api.ask(f"get-{kind}-directories-for-project", project_id=app_id, **query)["directories"]
        return [directory["name"] for directory in listed]

    outer = create("outer", "")
    inner = create("inner", outer)
    assert api.ask(f"get-{kind}-directory", project_id=app_id, directory_id=inner)["directory"] == {
        "directory_id": inner,
        "name": "inner",
        "type": kind.upper(),
        "project_id": app_id,
        "parent_id": outer,
        "size": "0",
    }
    assert inside() == ["outer", "inner"]
    assert inside(directory_id=outer) == ["inner"]
    assert inside(directory_id="") == ["outer"]
    assert inside(directory_id=inner) == []


def test_a_dataset_is_listed_where_it_is(api: Any, app_id: str) -> None:
    new = {"directory": {"name": "folder", "project_id": app_id, "parent_id": ""}}
    folder = {"directory_id": api.tell("create-dataset-directory", new)["directory_id"], "type": "DATASET", "name": "x"}

    def names(**query: Any) -> list[str]:
        listed = api.ask("get-datasets-for-project", project_id=app_id, **query)["datasets"]
        return [dataset["name"] for dataset in listed]

    api.tell("create-dataset", {"dataset": {"project_id": app_id, "name": "in", "directory": folder}})
    out = api.tell("create-dataset", {"dataset": {"project_id": app_id, "name": "out", "directory": {}}})["dataset_id"]
    assert names(fetch_all="True") == ["in", "out"]
    assert names(fetch_all="False", directory_id=folder["directory_id"]) == ["in"]
    assert names(fetch_all="False", directory_id="") == ["out"]
    api.tell("edit-dataset", {"dataset": {"project_id": app_id, "dataset_id": out, "directory": folder}})
    assert names(fetch_all="False", directory_id=folder["directory_id"]) == ["in", "out"]
    assert api.named(app_id, "out")["directory"]["name"] == "folder"


def test_a_directory_of_another_kind_is_no_place(api: Any, app_id: str) -> None:
    new = {"directory": {"name": "flows", "project_id": app_id, "parent_id": ""}}
    directory_id = api.tell("create-pipeline-directory", new)["directory_id"]
    dataset = {"project_id": app_id, "name": "x", "directory": {"directory_id": directory_id}}
    answer = api.post("/component/create-dataset", {"dataset": dataset})
    assert answer.status_code == 400
    assert "dataset.directory" in answer.json()["message"]
    below = {"directory": {"name": "x", "project_id": app_id, "parent_id": directory_id}}
    assert api.post("/component/create-dataset-directory", below).status_code == 400


def test_what_is_in_a_deleted_directory_of_apps_moves_up(api: Any) -> None:
    def create(name: str, parent_id: str) -> str:
        body = {"directory": {"name": name, "parent_id": parent_id}}
        return str(api.tell("create-project-directory", body)["directory_id"])

    outer = create("outer", "")
    middle = create("middle", outer)
    inner = create("inner", middle)
    app_id = api.app(directory={"directory_id": middle, "type": "PROJECT", "name": "middle"})
    listed = api.ask("get-projects-for-user", fetch_all="False", directory_id=middle)["projects"]
    assert [app["project_id"] for app in listed] == [app_id]
    assert api.tell("delete-project-directory", {"directory": {"directory_id": middle}}) == {"directory_id": middle}
    below = api.ask("get-project-directories-for-user", fetch_all="False", directory_id=outer)["directories"]
    assert [directory["directory_id"] for directory in below] == [inner]
    assert api.ask("get-project", project_id=app_id)["project"]["directory"]["directory_id"] == outer
    everything = api.ask("get-project-directories-for-user", fetch_all="True")["directories"]
    assert middle not in [directory["directory_id"] for directory in everything]
