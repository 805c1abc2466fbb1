"""Runs that were started elsewhere, seen by sensors: each once, and Dagster's own are left to its steps."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from dagster_ikigai import (
    IkigaiFlow,
    IkigaiRunFailure,
    IkigaiWorkspace,
    build_ikigai_flow_assets,
    build_ikigai_run_sensor,
    ikigai_assets,
    ikigai_run_failure_sensor,
)
from dagster_ikigai.sensors.cursor import Cursor
from ikigai_core import Flow, Ikigai
from ikigai_core.local.account import LocalAccount

Tick = Callable[[], list[dg.AssetMaterialization]]


@pytest.fixture
def flow(scripted: Callable[..., IkigaiFlow]) -> IkigaiFlow:
    return scripted()


@pytest.fixture
def remote(flow: IkigaiFlow, ikigai_client: Ikigai) -> Flow:
    return ikigai_client.apps[flow.app].flow.new(flow.name).definition(flow.definition).ensure()


def ticking(sensor: dg.SensorDefinition, instance: dg.DagsterInstance) -> Tick:
    """Evaluates a sensor as the daemon does: events are reported, then the cursor is kept."""
    state = {"cursor": None}

    def tick() -> list[dg.AssetMaterialization]:
        context = dg.build_sensor_context(instance=instance, cursor=state["cursor"])
        data = sensor.evaluate_tick(context)
        for event in data.asset_events:
            instance.report_runless_asset_event(event)
        state["cursor"] = data.cursor
        return list(data.asset_events)

    return tick


def test_runs_of_others_are_reported_once_and_what_was_before_is_not(
    flow: IkigaiFlow, remote: Flow, ikigai_local: LocalAccount, instance: dg.DagsterInstance
) -> None:
    remote.run()
    assets = [build_ikigai_flow_assets(flow)]
    tick = ticking(build_ikigai_run_sensor(assets, workspace=IkigaiWorkspace()), instance)
    assert tick() == []
    logs = [remote.run()]
    ikigai_local.control.outcome(remote.flow_id, status="FAILED", message="it is off", times=1)
    logs += [remote.run() for _ in range(2)]
    events = tick()
    assert [event.metadata["ikigai/run_log_id"].value for event in events] == [logs[0].log_id, logs[2].log_id]
    assert "dagster/row_count" not in events[0].metadata  # what it wrote is overwritten
    newest = events[1]
    assert newest.metadata["dagster/row_count"].value == 3
    assert newest.asset_key in assets[0].keys
    assert (newest.tags or {})["dagster/data_version"]
    assert tick() == []


def test_runs_of_dagsters_own_steps_are_theirs_to_report(
    flow: IkigaiFlow, remote: Flow, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[list[Any]] = []

    @ikigai_assets(flow=flow)
    def worked_on(context, ikigai: IkigaiWorkspace):  # type: ignore[no-untyped-def]
        results = list(ikigai.run_flow(context, flow))
        seen.append(tick())  # the platform's run is over, and the step has not reported it yet
        if len(seen) == 2:
            raise ConnectionResetError("the worker was lost")
        yield from results

    tick = ticking(build_ikigai_run_sensor([worked_on], workspace=IkigaiWorkspace()), instance)
    tick()
    for _ in range(2):
        dg.materialize([worked_on], resources={"ikigai": IkigaiWorkspace()}, instance=instance, raise_on_error=False)
        assert tick() == []
    assert seen == [[], []]
    # The second one's step is gone: after a while, nobody takes that run up any more.
    monkeypatch.setattr("dagster_ikigai.sensors.own_runs._SETTLED", -1.0)
    [event] = tick()
    assert event.metadata["ikigai/run_log_id"].value == remote.run_logs()[0].log_id
    assert tick() == []


def test_a_tick_ends_in_time_and_the_next_goes_on_where_it_ended(
    app: str, ikigai_client: Ikigai, instance: dg.DagsterInstance, flow: IkigaiFlow
) -> None:
    flows = [IkigaiFlow(app, f"Flow {number}", flow.definition.to_dict()) for number in range(3)]
    remotes = [ikigai_client.apps[app].flow.new(one.name).definition(one.definition).build() for one in flows]
    assets = [build_ikigai_flow_assets(one) for one in flows]
    hurried = build_ikigai_run_sensor(assets, workspace=IkigaiWorkspace(), time_limit=-1)
    data = hurried.evaluate_tick(dg.build_sensor_context(instance=instance))
    told = json.loads(data.cursor or "")
    assert (told["version"], told["seen"], told["next_flow"]) == (1, {}, f"{app}/Flow 0")
    cursor = Cursor({f"{app}/{one.name}": "" for one in flows}, next_flow=f"{app}/Flow 2").dump()
    for remote in remotes:
        remote.run()
    patient = build_ikigai_run_sensor(assets, workspace=IkigaiWorkspace())
    data = patient.evaluate_tick(dg.build_sensor_context(instance=instance, cursor=cursor))
    assert [event.metadata["ikigai/flow_id"].value for event in data.asset_events] == [
        remotes[number].flow_id for number in (2, 0, 1)
    ]


def test_a_flow_in_trouble_is_told_once_and_keeps_no_other_from_being_reported(
    app: str, ikigai_client: Ikigai, instance: dg.DagsterInstance, flow: IkigaiFlow, capfd: pytest.CaptureFixture[str]
) -> None:
    gone = ikigai_client.app.new(f"Z {app}").build()
    names = [(app, "Deleted"), (gone.name, "Of a deleted app"), (app, "Fine")]
    flows = [IkigaiFlow(of, name, flow.definition.to_dict()) for of, name in names]
    gone.dataset.new("numbers").df(pd.DataFrame({"value": [1]})).build()
    deleted, _, fine = (
        ikigai_client.apps[one.app].flow.new(one.name).definition(one.definition).build() for one in flows
    )
    sensor = build_ikigai_run_sensor([build_ikigai_flow_assets(one) for one in flows], workspace=IkigaiWorkspace())
    tick = ticking(sensor, instance)
    tick()
    deleted.delete()
    gone.delete()
    logs = [fine.run()]
    assert [event.metadata["ikigai/run_log_id"].value for event in tick()] == [logs[0].log_id]
    logs.append(fine.run())
    assert [event.metadata["ikigai/run_log_id"].value for event in tick()] == [logs[1].log_id]
    told = capfd.readouterr().err
    assert told.count("has no flow 'Deleted' (any more)") == told.count(f"There is no app '{gone.name}'") == 1


def test_a_run_whose_outputs_are_gone_is_reported_without_them_and_the_next_is_seen(
    flow: IkigaiFlow, remote: Flow, ikigai_local: LocalAccount, ikigai_client: Ikigai, instance: dg.DagsterInstance
) -> None:
    tick = ticking(build_ikigai_run_sensor([build_ikigai_flow_assets(flow)], workspace=IkigaiWorkspace()), instance)
    tick()
    logs = [remote.run(output="elsewhere")]
    [event] = tick()
    assert event.metadata["ikigai/written"].value is False
    logs.append(remote.run())
    refused = ikigai_local.control.fault("get-dataset-download-url", status=404, user=ikigai_local.user_email)
    told = [event.metadata["ikigai/run_log_id"].value for event in tick()]
    assert refused.hits == 1
    logs.append(remote.run())
    told += [event.metadata["ikigai/run_log_id"].value for event in tick()]
    assert told == [log.log_id for log in logs[1:]]


def test_the_dataset_that_a_run_wrote_tells_its_partition(
    flow: IkigaiFlow, remote: Flow, instance: dg.DagsterInstance
) -> None:
    days = dg.DynamicPartitionsDefinition(name="days")
    instance.add_dynamic_partitions("days", ["Mon", "Tue"])
    made = build_ikigai_flow_assets(flow, partitions_def=days, workspace=IkigaiWorkspace())
    tick = ticking(build_ikigai_run_sensor([made], workspace=IkigaiWorkspace()), instance)
    tick()
    assert dg.materialize([made], instance=instance, partition_key="Mon").success
    assert tick() == []
    remote.run(output="worked on Tue")
    [event] = tick()
    assert (event.partition, event.metadata["dagster/row_count"].value) == ("Tue", 3)
    remote.run(output="something else")
    assert tick() == []
    _await_next_second(remote)
    remote.run(output="worked on Mon")
    assert [event.partition for event in tick()] == ["Mon"]


def _await_next_second(remote: Flow) -> None:
    """Wait until a run's times, which are whole seconds, differ from those of the run before."""
    while time.time() <= remote.run_logs(1)[0].timestamp.timestamp() + 1:
        time.sleep(0.05)


def test_a_wrong_key_fails_the_tick(
    flow: IkigaiFlow, remote: Flow, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    tick = ticking(build_ikigai_run_sensor([build_ikigai_flow_assets(flow)], workspace=IkigaiWorkspace()), instance)
    tick()
    monkeypatch.setenv("IKIGAI_API_KEY", "wrong")
    with pytest.raises(dg.Failure, match="key"):
        tick()


def test_after_a_long_pause_dagsters_own_runs_are_not_reported_again(
    flow: IkigaiFlow, remote: Flow, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Pages of two stand for many materializations since the last tick.
    monkeypatch.setattr("dagster_ikigai.sensors.own_runs._PAGE", 2)
    assets = build_ikigai_flow_assets(flow, workspace=IkigaiWorkspace())
    tick = ticking(build_ikigai_run_sensor([assets], workspace=IkigaiWorkspace()), instance)
    tick()
    for _ in range(4):
        assert dg.materialize([assets], instance=instance).success
    monkeypatch.setattr("dagster_ikigai.sensors.own_runs._SETTLED", -1.0)
    assert tick() == []


def test_runs_are_seen_by_time_if_the_log_of_the_cursor_is_gone(
    flow: IkigaiFlow, remote: Flow, instance: dg.DagsterInstance
) -> None:
    sensor = build_ikigai_run_sensor([build_ikigai_flow_assets(flow)], workspace=IkigaiWorkspace())
    first = remote.run()
    name = f"{flow.app}/{flow.name}"
    cursor = Cursor({name: "gone"}, seen_at={name: first.timestamp.timestamp() + 1}).dump()
    data = sensor.evaluate_tick(dg.build_sensor_context(instance=instance, cursor=cursor))
    assert data.asset_events == []
    cursor = Cursor({name: "gone"}, seen_at={name: first.timestamp.timestamp() - 1}).dump()
    data = sensor.evaluate_tick(dg.build_sensor_context(instance=instance, cursor=cursor))
    [event] = data.asset_events
    assert event.metadata["ikigai/run_log_id"].value == first.log_id


def test_a_flow_that_the_listing_shows_without_a_new_run_costs_no_request_of_its_own(
    flow: IkigaiFlow,
    remote: Flow,
    instance: dg.DagsterInstance,
    requests_sent: Callable[[], int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("dagster_ikigai.sensors.ended_runs._SETTLED", 0.0)
    remote.run()
    tick = ticking(build_ikigai_run_sensor([build_ikigai_flow_assets(flow)], workspace=IkigaiWorkspace()), instance)

    def requests() -> int:
        before = requests_sent()
        tick()
        return requests_sent() - before

    first, second, third = requests(), requests(), requests()
    assert (first, second, third) == (second, second, second - 1)
    reported: list[object] = []
    # A run that ends in the same second as the one before is not told apart: here, nothing waits for the next second.
    while not reported:
        remote.run()
        reported = tick()


@pytest.mark.parametrize(
    ("cursor", "form"), [('{"version": 0}', "form 0"), ('{"version": 2}', "form 2"), ("3MPi", "no known form")]
)
def test_a_cursor_of_another_form_stops_the_sensor(
    flow: IkigaiFlow, instance: dg.DagsterInstance, cursor: str, form: str
) -> None:
    sensor = build_ikigai_run_sensor([build_ikigai_flow_assets(flow)], workspace=IkigaiWorkspace())
    with pytest.raises(ValueError, match=f"of {form}, and this release of dagster-ikigai reads form 1. .* reset"):
        sensor.evaluate_tick(dg.build_sensor_context(instance=instance, cursor=cursor))


def test_a_run_that_a_newer_release_may_have_in_hand_is_not_reported_beside_it(
    flow: IkigaiFlow, remote: Flow, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch
) -> None:
    assets = [build_ikigai_flow_assets(flow)]
    tick = ticking(build_ikigai_run_sensor(assets, workspace=IkigaiWorkspace()), instance)
    tick()
    [key] = assets[0].keys
    newer = {"ikigai/run": {"version": 2}}

    @dg.op
    def newer_release(context) -> None:  # type: ignore[no-untyped-def]
        context.log_event(dg.AssetObservation(key, metadata=newer))

    dg.GraphDefinition("newer", node_defs=[newer_release]).execute_in_process(instance=instance)
    remote.run()
    assert tick() == []
    monkeypatch.setattr("dagster_ikigai.sensors.own_runs._SETTLED", -1.0)
    reported = dg.AssetMaterialization(key, metadata={"ikigai/metadata_version": 2})
    instance.report_runless_asset_event(reported)
    with pytest.raises(ValueError, match=r"A materialization of asset .* is of form 2, .* It may describe run log"):
        tick()


def test_a_failed_run_calls_the_function_once_also_where_it_raises(
    flow: IkigaiFlow, remote: Flow, ikigai_local: LocalAccount, instance: dg.DagsterInstance
) -> None:
    told: list[IkigaiRunFailure] = []
    troubled = [True]

    @ikigai_run_failure_sensor([build_ikigai_flow_assets(flow)], workspace=IkigaiWorkspace())
    def tell(context: dg.SensorEvaluationContext, failure: IkigaiRunFailure) -> None:
        if "second" in failure.message and troubled and troubled.pop():
            raise ConnectionError("the pager is away")
        told.append(failure)

    tick = ticking(tell, instance)
    tick()
    for number in ("first", "second"):
        ikigai_local.control.outcome(remote.flow_id, status="FAILED", message=number, facet="out", times=1)
        remote.run()
    remote.run()
    for _ in range(3):
        tick()
    assert [failure.message for failure in told] == ["first", "second"]
    assert (told[0].flow, told[0].status, told[0].user) == ("Scripted", "FAILED", ikigai_local.user_email)
    assert told[0].asset_keys == [dg.AssetKey([flow.app.lower().replace(" ", "_"), "worked_on"])]
    assert told[0].web_url


def test_private_copies_are_dagsters_own_and_hide_no_run_of_the_flow(
    flow: IkigaiFlow, remote: Flow, instance: dg.DagsterInstance
) -> None:
    copied = build_ikigai_flow_assets(flow, isolation="copy", workspace=IkigaiWorkspace())
    tick = ticking(build_ikigai_run_sensor([copied], workspace=IkigaiWorkspace()), instance)
    assert tick() == []
    assert dg.materialize([copied], instance=instance).success
    assert tick() == []
    log = remote.run()
    assert [event.metadata["ikigai/run_log_id"].value for event in tick()] == [log.log_id]
    [key] = copied.keys
    assert len(instance.fetch_materializations(key, limit=10).records) == 2
