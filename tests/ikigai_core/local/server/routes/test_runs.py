"""Running flows: really, apart from the API, each once at a time."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest

from ikigai_core.local.process import LocalPlatform

LATE = b"carrier,delay\nAA,70\nUA,5\nAA,90\nDL,61\n"


@pytest.fixture
def dataset_id(api: Any, app_id: str) -> str:
    return str(api.dataset(app_id, "flights", LATE))


@pytest.fixture
def slow_flow(api: Any, app_id: str, dataset_id: str, slow: Any, definition: Any) -> str:
    return str(api.flow(app_id, definition(dataset_id, slow), "Slow"))


def test_data_goes_in_facets_transform_it_data_comes_out(
    api: Any, app_id: str, dataset_id: str, definition: Any
) -> None:
    count = ("M_003", {"output_column_name": "count", "sort": True, "target_columns": ["carrier"]})
    flow_id = api.flow(app_id, definition(dataset_id, count, output="counted"))
    clock = time.time()
    log = api.run(app_id, flow_id)
    assert int(log.pop("timestamp")) > clock
    assert len(log.pop("log_id")) == 27
    user = api.platform.user_email
    assert log == {"status": "SUCCESS", "user": user, "erroneous_facet_id": "", "message": "", "printed": ""}
    output = api.named(app_id, "counted")
    assert output["filename"] == "counted.csv"
    assert output["data_types"]["count"]["data_type"] == "NUMERIC"
    rows = api.download(app_id, output["dataset_id"]).decode().split()
    assert rows[:2] == ["carrier,count", "AA,2"]
    assert sorted(rows[2:]) == ["DL,1", "UA,1"]
    assert int(output["size"]) == len(api.download(app_id, output["dataset_id"]))
    assert api.ask("get-pipeline", pipeline_id=flow_id)["pipeline"]["last_run"]["status"] == "SUCCESS"


def test_the_output_takes_the_place_of_the_dataset_of_its_name(
    api: Any, app_id: str, dataset_id: str, definition: Any
) -> None:
    flow_id = api.flow(app_id, definition(dataset_id, output="out"))
    api.run(app_id, flow_id)
    first = api.named(app_id, "out")
    api.upload(app_id, dataset_id, "flights.csv", b"other,b\n1,2\n")
    api.run(app_id, flow_id)
    second = api.named(app_id, "out")
    assert second["dataset_id"] == first["dataset_id"]
    assert api.download(app_id, second["dataset_id"]) == b"other,b\n1,2\n"
    assert len(api.ask("get-datasets-for-project", project_id=app_id, fetch_all="True")["datasets"]) == 2


def test_the_status_has_left_idle_when_the_start_answers(api: Any, app_id: str, slow_flow: str) -> None:
    idle = {"status": False, "progress": {"status": "IDLE", "message": ""}}
    assert api.status(app_id, slow_flow) == idle
    api.start(app_id, slow_flow).raise_for_status()
    status = api.status(app_id, slow_flow)
    assert status["status"] is True
    assert status["progress"]["status"] == "RUNNING"
    # The released client takes 0 for complete.
    assert 1 <= status["progress"]["progress"] < 100
    assert isinstance(status["progress"]["message"], str)


def test_a_busy_flow_is_a_conflict(api: Any, app_id: str, slow_flow: str) -> None:
    api.start(app_id, slow_flow).raise_for_status()
    answer = api.start(app_id, slow_flow)
    assert answer.status_code == 409
    assert "Slow" in answer.json()["message"]
    assert api.logs(app_id, slow_flow) == []


def test_logs_are_newest_first_and_there_before_the_flow_is_idle(
    api: Any, app_id: str, dataset_id: str, definition: Any
) -> None:
    flow_id = api.flow(app_id, definition(dataset_id))
    seen: list[str] = []
    for _ in range(3):
        newest = api.run(app_id, flow_id)
        assert newest["log_id"] not in seen
        seen.insert(0, newest["log_id"])
    logs = api.logs(app_id, flow_id)
    assert [log["log_id"] for log in logs] == seen
    stamps = [int(log["timestamp"]) for log in logs]
    assert stamps == sorted(stamps, reverse=True)
    assert [log["log_id"] for log in api.logs(app_id, flow_id, 2)] == seen[:2]


def test_a_failing_facet_fails_the_run_and_is_named(
    api: Any, app_id: str, dataset_id: str, python_uid: str, definition: Any
) -> None:
    failing = (python_uid, {"script": "result = data\nraise ValueError('as expected')"})
    flow_id = api.flow(app_id, definition(dataset_id, failing, output="never"))
    log = api.run(app_id, flow_id)
    assert (log["status"], log["erroneous_facet_id"]) == ("FAILED", "id of step 1")
    assert "as expected" in log["message"]
    assert api.get("/component/get-dataset", project_id=app_id, name="never").status_code == 404


def test_a_flow_whose_shape_breaks_a_requirement_fails(api: Any, app_id: str, dataset_id: str) -> None:
    lonely = {"facet_id": "alone", "facet_uid": "I_005", "name": "alone", "arguments": {"dataset_id": dataset_id}}
    flow_id = api.flow(app_id, {"facets": [lonely], "arrows": []})
    log = api.run(app_id, flow_id)
    assert (log["status"], log["erroneous_facet_id"]) == ("FAILED", "alone")
    assert log["message"]


@pytest.mark.parametrize(
    "nonsense",
    [
        {},
        {"facets": [], "arrows": []},
        {"facets": [{"facet_id": "a", "facet_uid": "X_999"}]},
        {"facets": [{"facet_id": "a", "facet_uid": "I_005", "arguments": None}], "arrows": []},
        {"facets": [], "arrows": [{"source": "x", "destination": "y"}]},
    ],
)
def test_a_definition_that_makes_no_sense_fails_with_a_reason(api: Any, app_id: str, nonsense: Any) -> None:
    log = api.run(app_id, api.flow(app_id, nonsense))
    assert log["status"] == "FAILED"
    assert log["message"]
    assert "Traceback" not in log["message"]


def test_a_run_variable_replaces_an_argument_for_one_run(
    api: Any, app_id: str, dataset_id: str, definition: Any
) -> None:
    variables = {"target": {"facet_name": "output", "name": "dataset_name"}}
    flow_id = api.flow(app_id, definition(dataset_id, output="usual", variables=variables))
    assert api.run(app_id, flow_id, target="special")["status"] == "SUCCESS"
    assert api.named(app_id, "special")
    assert api.get("/component/get-dataset", project_id=app_id, name="usual").status_code == 404
    assert api.run(app_id, flow_id)["status"] == "SUCCESS"
    assert api.named(app_id, "usual")


def test_a_run_variable_chooses_the_input(api: Any, app_id: str, dataset_id: str, definition: Any) -> None:
    other = api.dataset(app_id, "other", b"x,y\n1,2\n")
    variables = {"source": {"facet_name": "input", "name": "dataset_id"}}
    flow_id = api.flow(app_id, definition(dataset_id, variables=variables))
    assert api.run(app_id, flow_id, source=other)["status"] == "SUCCESS"
    assert api.download(app_id, api.named(app_id, "out")["dataset_id"]) == b"x,y\n1,2\n"


def test_a_variable_that_the_flow_lacks_is_refused(api: Any, app_id: str, dataset_id: str, definition: Any) -> None:
    flow_id = api.flow(app_id, definition(dataset_id))
    answer = api.start(app_id, flow_id, no_such="x")
    assert answer.status_code == 400
    assert "variables.no_such" in answer.json()["message"]
    assert api.status(app_id, flow_id)["status"] is False


def test_the_dataset_of_another_app_cannot_be_read(api: Any, app_id: str, definition: Any) -> None:
    foreign = api.dataset(api.app("other"), "theirs")
    log = api.run(app_id, api.flow(app_id, definition(foreign)))
    assert (log["status"], log["erroneous_facet_id"]) == ("FAILED", "id of input")


def test_an_output_goes_into_its_directory(api: Any, app_id: str, dataset_id: str, definition: Any) -> None:
    folder = {"directory": {"name": "results", "project_id": app_id, "parent_id": ""}}
    directory_id = api.tell("create-dataset-directory", folder)["directory_id"]
    wanted = definition(dataset_id)
    wanted["facets"][-1]["arguments"]["directory"] = directory_id
    flow_id = api.flow(app_id, wanted)
    assert api.run(app_id, flow_id)["status"] == "SUCCESS"
    assert api.named(app_id, "out")["directory"]["directory_id"] == directory_id
    wanted["facets"][-1]["arguments"]["directory"] = "nowhere"
    api.tell("edit-pipeline", {"pipeline": {"project_id": app_id, "pipeline_id": flow_id, "definition": wanted}})
    log = api.run(app_id, flow_id)
    assert (log["status"], log["erroneous_facet_id"]) == ("FAILED", "id of output")
    assert "nowhere" in log["message"]


def test_a_high_volume_output_is_prepared_before_its_download(
    api: Any, app_id: str, dataset_id: str, definition: Any
) -> None:
    flow_id = api.flow(app_id, definition(dataset_id, output="big"), high_volume_preference=True)
    for _ in range(2):
        assert api.run(app_id, flow_id)["status"] == "SUCCESS"
        output = api.named(app_id, "big")
        place = {"project_id": app_id, "dataset_id": output["dataset_id"]}
        assert api.ask("get-dataset-download-url", **place) == {"status": "IN_PROGRESS"}
        assert api.download(app_id, output["dataset_id"]) == LATE
        assert int(output["size"]) == len(LATE)


def test_a_high_volume_output_is_another_flows_input(api: Any, app_id: str, dataset_id: str, definition: Any) -> None:
    first = api.flow(app_id, definition(dataset_id, output="packed"), high_volume_preference=True)
    assert api.run(app_id, first)["status"] == "SUCCESS"
    second = api.flow(app_id, definition(api.named(app_id, "packed")["dataset_id"], output="copy"))
    assert api.run(app_id, second)["status"] == "SUCCESS"
    assert api.download(app_id, api.named(app_id, "copy")["dataset_id"]) == LATE


def test_a_run_reads_its_input_as_it_was_at_the_start(
    api: Any, app_id: str, dataset_id: str, python_uid: str, definition: Any, until: Callable[..., Any]
) -> None:
    pause = (python_uid, {"script": "import time\ntime.sleep(2)\nresult = data"})
    flow_id = api.flow(app_id, definition(dataset_id, pause))
    api.start(app_id, flow_id).raise_for_status()
    until(lambda: api.status(app_id, flow_id)["progress"].get("progress", 0) > 1)
    api.upload(app_id, dataset_id, "flights.csv", b"other,b\n1,2\n")
    assert api.wait(app_id, flow_id)["status"] == "SUCCESS"
    assert api.download(app_id, api.named(app_id, "out")["dataset_id"]) == LATE


def test_what_scripts_print_is_in_the_runs_log(
    api: Any, app_id: str, dataset_id: str, python_uid: str, definition: Any
) -> None:
    talking = api.flow(app_id, definition(dataset_id, (python_uid, {"script": "print('so far'); result = data"})))
    log = api.run(app_id, talking)
    assert (log["status"], log["message"], log["printed"]) == ("SUCCESS", "", "so far\n")
    failing = api.flow(app_id, definition(dataset_id, (python_uid, {"script": "print('so far'); 1 / 0"})))
    log = api.run(app_id, failing)
    assert "division by zero" in log["message"]
    assert log["message"].endswith("Output of its scripts:\nso far")


def test_flows_run_side_by_side_and_the_rest_wait(
    connect: Callable[..., Any], python_uid: str, definition: Any
) -> None:
    with LocalPlatform.start(workers=2) as platform:
        api = connect(platform)
        app_id = api.app()
        dataset_id = api.dataset(app_id)
        wait = (python_uid, {"script": "import time\ntime.sleep(2)\nresult = data"})
        flows = [api.flow(app_id, definition(dataset_id, wait, output=f"out {n}"), f"Flow {n}") for n in range(3)]
        for flow_id in flows:
            api.start(app_id, flow_id).raise_for_status()
        states = [api.status(app_id, flow_id)["progress"]["status"] for flow_id in flows]
        assert states == ["RUNNING", "RUNNING", "SCHEDULED"]
        assert [api.wait(app_id, flow_id)["status"] for flow_id in flows] == ["SUCCESS"] * 3


def test_a_deleted_flow_stops_running(api: Any, app_id: str, slow_flow: str) -> None:
    api.start(app_id, slow_flow).raise_for_status()
    api.tell("delete-pipeline", {"pipeline": {"project_id": app_id, "pipeline_id": slow_flow}})
    answer = api.get("/component/is-pipeline-running", project_id=app_id, pipeline_id=slow_flow)
    assert answer.status_code == 404
