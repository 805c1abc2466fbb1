"""The app that every new platform begins with."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ikigai_core.local.process import LocalPlatform

NAME = "Start Here (Tutorial)"


def test_its_flow_runs(api: Any) -> None:
    app_id = api.ask("get-project", name=NAME)["project"]["project_id"]
    flow_id = api.ask("get-pipeline", project_id=app_id, name="new flow")["pipeline"]["pipeline_id"]
    assert api.run(app_id, flow_id)["status"] == "SUCCESS"
    output = api.named(app_id, "[OUTPUT]")
    assert output["directory"]["name"] == "[OUTPUT]"
    assert api.download(app_id, output["dataset_id"]).decode().split() == [
        "Channel/Location,count",
        "Amazon,5",
        "Store,3",
    ]


def test_its_columns_are_what_the_data_says(api: Any) -> None:
    app_id = api.ask("get-project", name=NAME)["project"]["project_id"]
    given = api.named(app_id, "[INPUT]")
    copy = api.dataset(app_id, "copy", api.download(app_id, given["dataset_id"]))
    assert list(given["data_types"]) == list(api.named(app_id, "copy")["data_types"])
    assert int(given["size"]) == int(api.named(app_id, "copy")["size"])
    api.tell("delete-dataset", {"dataset": {"project_id": app_id, "dataset_id": copy}})


def test_who_deletes_it_is_rid_of_it(connect: Callable[..., Any]) -> None:
    with LocalPlatform.start() as platform:
        api = connect(platform)
        app_id = api.ask("get-project", name=NAME)["project"]["project_id"]
        api.tell("delete-project", {"project": {"project_id": app_id}})
        platform.restart()
        assert connect(platform).ask("get-projects-for-user", fetch_all="True")["projects"] == []
