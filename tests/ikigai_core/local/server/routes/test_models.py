"""Models that have not been trained yet."""

from __future__ import annotations

from typing import Any

import pytest


def create(api: Any, app_id: str, name: str = "A model") -> str:
    new = {
        "project_id": app_id,
        "name": name,
        "directory": {},
        "model_type": "Linear",
        "sub_model_type": "Lasso",
        "description": "for tests",
    }
    return str(api.tell("create-model", {"model": new})["model_id"])


def test_a_new_model_has_every_field_of_the_wire_and_no_version(api: Any, app_id: str) -> None:
    model_id = create(api, app_id)
    model = api.ask("get-model", project_id=app_id, model_id=model_id)["model"]
    assert model.pop("created_at").isdigit()
    assert model.pop("modified_at").isdigit()
    assert model.pop("directory")["type"] == "MODEL"
    assert model == {
        "project_id": app_id,
        "model_id": model_id,
        "name": "A model",
        "latest_version_id": "",
        "model_type": "Linear",
        "sub_model_type": "Lasso",
        "description": "for tests",
    }
    assert api.ask("get-model-versions", project_id=app_id, model_id=model_id) == {"versions": []}
    assert api.get("/component/get-model-version", project_id=app_id, version_id="none").status_code == 404


def test_models_are_listed_found_changed_and_deleted(api: Any, app_id: str) -> None:
    model_id = create(api, app_id, "Find me")
    assert api.ask("get-model", project_id=app_id, name="Find me")["model"]["model_id"] == model_id
    for answer in (
        api.ask("get-models-for-project", project_id=app_id, fetch_all="True"),
        api.ask("/search/search-models-for-project", project_id=app_id, query="find"),
    ):
        assert [model["model_id"] for model in answer["models"]] == [model_id]
        assert answer["limit_warning"] == ""
    place = {"project_id": app_id, "model_id": model_id}
    api.tell("edit-model", {"model": place | {"name": "renamed"}})
    model = api.ask("get-model", **place)["model"]
    assert (model["name"], model["description"]) == ("renamed", "for tests")
    api.tell("delete-model", {"model": place})
    assert api.get("/component/get-model", **place).status_code == 404


@pytest.mark.parametrize(
    ("change", "says"),
    [({"model_type": "Crystal Ball"}, "Crystal Ball"), ({"sub_model_type": "Rope"}, "Lasso")],
)
def test_a_type_that_is_not_in_the_specs_is_refused(api: Any, app_id: str, change: Any, says: str) -> None:
    new = {"project_id": app_id, "name": "x", "model_type": "Linear", "sub_model_type": "Lasso"} | change
    answer = api.post("/component/create-model", {"model": new})
    assert answer.status_code == 400
    assert says in answer.json()["message"]


def test_the_specs_are_served(api: Any) -> None:
    facets = api.ask("get-facet-specs")
    assert list(facets) == ["INPUT", "MID", "OUTPUT"]
    models = api.ask("get-model-specs")
    assert "Linear" in [model["name"] for model in models.values()]
