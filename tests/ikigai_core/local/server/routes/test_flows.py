"""Flows: what is kept of them."""

from __future__ import annotations

from typing import Any

import pytest

BLANK = {"name": "", "start_time": "", "end_time": "", "cron": ""}
DAILY = {"name": "daily", "start_time": "1715274391", "end_time": "", "cron": "0 0 * * *"}
REMOVAL = {"name": "-", "start_time": "1", "end_time": "1", "cron": "0 0 0 0 0"}

ODD = {
    "facets": [
        {"facet_id": "a", "facet_uid": "X_999", "name": "", "arguments": {"deep": [{"x": None}, 1.5]}, "extra": 1}
    ],
    "arrows": [{"source": "a", "destination": "nowhere"}],
    "arguments": {},
}


def get(api: Any, flow_id: str) -> Any:
    return api.ask("get-pipeline", pipeline_id=flow_id)["pipeline"]


def test_a_new_flow_has_every_field_of_the_wire(api: Any, app_id: str) -> None:
    flow_id = api.flow(app_id, {"facets": [], "arrows": []}, "Fields")
    flow = get(api, flow_id)
    assert flow.pop("created_at").isdigit()
    assert flow.pop("modified_at").isdigit()
    assert flow == {
        "project_id": app_id,
        "pipeline_id": flow_id,
        "name": "Fields",
        "directory": {
            "directory_id": "",
            "name": "",
            "type": "PIPELINE",
            "project_id": "",
            "parent_id": "",
            "size": "0",
        },
        "definition": {"facets": [], "arrows": []},
        "trigger_downstream_pipelines": False,
        "high_volume_preference": False,
        "agent_access": False,
        "schedule": BLANK,
        "last_run": {},
        "next_run": {},
    }


def test_a_definition_that_makes_no_sense_is_kept_as_it_is(api: Any, app_id: str) -> None:
    assert get(api, api.flow(app_id, ODD))["definition"] == ODD


def test_what_is_absent_from_an_edit_stays(api: Any, app_id: str) -> None:
    flow_id = api.flow(app_id, ODD, high_volume_preference=True, schedule=DAILY, agent_access=True)
    place = {"project_id": app_id, "pipeline_id": flow_id}
    api.tell("edit-pipeline", {"pipeline": place | {"name": "renamed"}})
    flow = get(api, flow_id)
    assert flow["name"] == "renamed"
    assert (flow["definition"], flow["schedule"]) == (ODD, DAILY)
    assert flow["high_volume_preference"] is True
    assert flow["agent_access"] is True
    change = {"definition": {"facets": [], "arrows": []}, "high_volume_preference": False, "agent_access": False}
    api.tell("edit-pipeline", {"pipeline": place | change})
    flow = get(api, flow_id)
    assert flow["name"] == "renamed"
    assert flow["definition"] == {"facets": [], "arrows": []}
    assert flow["high_volume_preference"] is False
    assert flow["agent_access"] is False


def test_a_schedule_is_set_and_removed_with_the_clients_marker(api: Any, app_id: str) -> None:
    flow_id = api.flow(app_id, ODD)
    place = {"project_id": app_id, "pipeline_id": flow_id}
    api.tell("edit-pipeline", {"pipeline": place | {"schedule": DAILY}})
    assert get(api, flow_id)["schedule"] == DAILY
    api.tell("edit-pipeline", {"pipeline": place | {"schedule": REMOVAL}})
    assert get(api, flow_id)["schedule"] == BLANK


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"cron": "* * * * *"}, "minute"),
        ({"cron": "0 99 * * *"}, "0 99 * * *"),
        ({"cron": "0 0 * *"}, "0 0 * *"),
        ({"cron": "0 0 0 0 0"}, "0 0 0 0 0"),
        ({"start_time": "tomorrow"}, "start_time"),
        ({"start_time": None}, "start_time"),
    ],
)
def test_a_schedule_that_cannot_be_kept_is_refused(api: Any, app_id: str, change: Any, says: str) -> None:
    new = {"project_id": app_id, "name": "x", "definition": {}, "schedule": DAILY | change}
    answer = api.post("/component/create-pipeline", {"pipeline": new})
    assert answer.status_code == 400
    assert "pipeline.schedule" in answer.json()["message"]
    assert says in answer.json()["message"]


def test_flows_are_found_by_name_and_search(api: Any, app_id: str) -> None:
    flow_id = api.flow(app_id, ODD, "Find me")
    assert api.ask("get-pipeline", project_id=app_id, name="Find me")["pipeline"]["pipeline_id"] == flow_id
    found = api.ask("/search/search-pipelines-for-project", project_id=app_id, query="nd m")
    assert [flow["pipeline_id"] for flow in found["pipelines"]] == [flow_id]
    assert found["limit_warning"] == ""
    listed = api.ask("get-pipelines-for-project", project_id=app_id, fetch_all="true")
    assert [flow["pipeline_id"] for flow in listed["pipelines"]] == [flow_id]
    assert listed["limit_warning"] == ""


def test_a_flow_of_another_app_is_not_found(api: Any, app_id: str) -> None:
    flow_id = api.flow(app_id, ODD)
    other = api.app("other")
    answer = api.get("/component/is-pipeline-running", project_id=other, pipeline_id=flow_id)
    assert answer.status_code == 404
