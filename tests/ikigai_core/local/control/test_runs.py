"""The runs that began, whatever became of their flows."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from ikigai_core.local.control import ControlError, LocalControl
from ikigai_core.local.process import LocalPlatform

OUTPUT = {"output": {"facet_name": "output", "name": "dataset_name"}}


@pytest.fixture
def control(api: Any) -> Iterator[LocalControl]:
    yield api.platform.control
    api.platform.control.reset()


def delete(api: Any, app_id: str, flow_id: str) -> None:
    api.tell("delete-pipeline", {"pipeline": {"project_id": app_id, "pipeline_id": flow_id}})


def runs(control: LocalControl, app_id: str) -> list[tuple[str, dict[str, Any], str]]:
    return [(run.flow_name, dict(run.variables), run.status) for run in control.runs() if run.app_id == app_id]


def datasets(api: Any, app_id: str) -> list[str]:
    found = api.ask("get-datasets-for-project", project_id=app_id, fetch_all="true")["datasets"]
    return [dataset["name"] for dataset in found]


def test_runs_of_deleted_flows_are_remembered_with_variables_and_end(
    api: Any, control: LocalControl, app_id: str, definition: Callable[..., Any]
) -> None:
    asked = {**definition("no dataset"), "variables": OUTPUT}
    done, cut, again = (api.flow(app_id, asked, name=name) for name in ("done", "cut", "again"))
    control.outcome(done)
    control.outcome(cut, duration=3600)
    control.outcome(again, status="FAILED", times=1)
    control.outcome(again, times=1)
    for flow_id, output in ((done, "a"), (cut, "b"), (again, "c"), (again, "d")):
        api.start(app_id, flow_id, output=output).raise_for_status()
    assert api.start(app_id, cut, output="e").status_code == 409
    going = {run.variables["output"]: run for run in control.runs() if run.app_id == app_id}
    assert (going["b"].status, going["b"].ended) == ("", 0)
    assert going["c"].began <= going["c"].ended <= going["d"].began
    assert api.logs(app_id, again)[0]["log_id"] == going["d"].run_id
    for flow_id in (done, cut, again):
        delete(api, app_id, flow_id)
    assert api.start(app_id, cut, output="f").status_code == 404
    expected = [("done", "a", "SUCCESS"), ("cut", "b", "DELETED"), ("again", "c", "FAILED"), ("again", "d", "SUCCESS")]
    assert runs(control, app_id) == [(name, {"output": output}, status) for name, output, status in expected]


def test_a_run_whose_flow_is_deleted_writes_nothing(
    api: Any, control: LocalControl, app_id: str, definition: Callable[..., Any], until: Any
) -> None:
    ordered = api.flow(app_id, definition("no dataset", output="by order"), name="ordered")
    real = api.flow(app_id, definition(api.dataset(app_id), output="really"), name="real")
    control.outcome(ordered, duration=0.3, writes=True)
    control.outcome(real, duration=0.3, engine=True)
    for flow_id in (ordered, real):
        api.start(app_id, flow_id).raise_for_status()
        delete(api, app_id, flow_id)
    control.outcome(duration=0.6)
    later = api.flow(app_id, definition("no dataset"), name="later")
    api.start(app_id, later).raise_for_status()
    until(lambda: api.logs(app_id, later))
    assert [status for name, _, status in runs(control, app_id) if name != "later"] == ["DELETED"] * 2
    names = [
        one["name"] for one in api.ask("get-datasets-for-project", project_id=app_id, fetch_all="true")["datasets"]
    ]
    assert names == ["rows"]


def test_a_run_goes_on_with_the_definition_that_it_started_with(
    api: Any, control: LocalControl, app_id: str, definition: Callable[..., Any], until: Any
) -> None:
    flow_id = api.flow(app_id, definition("no dataset", output="as started"))
    control.outcome(flow_id, duration=0.5, writes=True)
    api.start(app_id, flow_id).raise_for_status()
    edited = {"project_id": app_id, "pipeline_id": flow_id, "definition": definition("no dataset", output="edited")}
    api.tell("edit-pipeline", {"pipeline": edited})
    until(lambda: api.logs(app_id, flow_id))
    assert api.named(app_id, "as started")
    names = [
        one["name"] for one in api.ask("get-datasets-for-project", project_id=app_id, fetch_all="true")["datasets"]
    ]
    assert names == ["as started"]


def test_an_ordered_run_writes_what_its_own_variables_name(
    api: Any, control: LocalControl, app_id: str, definition: Callable[..., Any]
) -> None:
    flow_id = api.flow(app_id, {**definition("no dataset"), "variables": OUTPUT})
    control.outcome(flow_id, writes=True)
    log = api.run(app_id, flow_id, output="mine")
    dataset = api.named(app_id, "mine")
    assert api.download(app_id, dataset["dataset_id"]) == f"run_id,output\r\n{log['log_id']},mine\r\n".encode()
    assert list(dataset["data_types"]) == ["run_id", "output"]
    with pytest.raises(ControlError, match="writes is only for runs that succeed"):
        control.outcome(flow_id, writes=True, status="FAILED")


def test_runs_outlive_a_kill_of_the_platform(connect: Callable[..., Any], definition: Callable[..., Any]) -> None:
    with LocalPlatform.start() as platform:
        api = connect(platform)
        app_id = api.app()
        flow_id = api.flow(app_id, definition("no dataset"), name="killed")
        platform.control.outcome(duration=3600)
        api.start(app_id, flow_id).raise_for_status()
        platform.kill()
        platform.restart()
        assert runs(platform.control, app_id) == [("killed", {}, "FAILED")]
        platform.control.reset(data=True)
        assert platform.control.runs() == []


def test_a_users_runs_are_forgotten_with_the_user(
    api: Any, control: LocalControl, app_id: str, definition: Callable[..., Any]
) -> None:
    flow_id = api.flow(app_id, {**definition("no dataset"), "variables": {**OUTPUT, "password": OUTPUT["output"]}})
    control.add_user("guest@example.com")
    control.busy(flow_id, duration=0, user="guest@example.com")
    control.outcome(flow_id)
    api.start(app_id, flow_id, password="hush").raise_for_status()
    mine = control.runs(user=api.platform.user_email)
    assert [run.user for run in control.runs() if run.app_id == app_id] == ["guest@example.com", mine[-1].user]
    assert mine[-1].variables == {"password": "***"}
    control.remove_user("guest@example.com")
    assert control.runs(user="guest@example.com") == []
    assert [run.user for run in control.runs() if run.app_id == app_id] == [mine[-1].user]
