"""Assets of all flows of an app, from what was read of it once."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from dagster_ikigai import (
    FlowSettings,
    IkigaiAppFlow,
    IkigaiAppState,
    IkigaiFlow,
    IkigaiWorkspace,
    build_ikigai_assets_definitions,
    load_ikigai_asset_specs,
)
from dagster_ikigai.flows.facets import FlowFacet
from dagster_ikigai.flows.runnable import Target
from ikigai_core import FlowDefinition, Ikigai

READ = {"file_type": "csv", "header": True}
PRICES = pd.DataFrame({"area": range(20, 60), "price": [3 * area + area % 7 for area in range(20, 60)]})


def copying(dataset: str, output: str) -> dict[str, Any]:
    return {
        "facets": {
            "in": {"type": "INPUT.Imported", "dataset": dataset, "arguments": READ},
            "out": {
                "type": "OUTPUT.Exported",
                "after": "in",
                "arguments": {"dataset_name": output, **READ},
                "variables": {"output": "dataset_name"},
            },
        }
    }


def predicting(ikigai: Ikigai, app: str, mode: str, version: str, output: str) -> FlowDefinition:
    imported = ikigai.builder.facet(ikigai.facet_types.INPUT.Imported, "in", READ)
    imported.arguments(dataset_id=ikigai.apps[app].datasets["prices"].dataset_id)
    model = imported.model_facet(ikigai.facet_types.MID.Predict, ikigai.model_types.Linear.Base, "model")
    model.arguments(model_name="Prices", model_version=version).parameters(target_column="price", mode=mode)
    return model.facet(ikigai.facet_types.OUTPUT.Exported, "out", {"dataset_name": output, **READ}).build()


def metadata_of(result: dg.ExecuteInProcessResult) -> dict[str, dict[str, Any]]:
    return {
        "/".join(event.asset_key.path[1:]): dict(event.materialization.metadata)
        for event in result.get_asset_materialization_events()
        if event.asset_key
    }


def build(state: IkigaiAppState, **options: Any) -> list[dg.AssetsDefinition]:
    return build_ikigai_assets_definitions(state, workspace=IkigaiWorkspace(), **options)


def test_an_apps_flows_and_models_become_assets_that_run(
    app: str, ikigai_client: Ikigai, instance: dg.DagsterInstance, requests_sent: Callable[[], int], tmp_path: Path
) -> None:
    remote = ikigai_client.apps[app]
    for name in ("prices", "copied"):
        remote.dataset.new(name).df(PRICES).build()
    remote.model.new("Prices").model_type(ikigai_client.model_types.Linear.Base).build()
    remote.flow.new("Copy").definition(copying("numbers", "copied")).schedule("0 6 * * 1-5").build()
    remote.flow.new("Copy again").definition(copying("copied", "copied twice")).build()
    train = partial(predicting, ikigai_client, app, "retrain_inference", output="trained on")
    remote.flow.new("Train").definition(train(version="first")).build()
    remote.flow.new("Use").definition(predicting(ikigai_client, app, "inference", "", "predicted")).build()
    nameless = {"facets": [{"facet_id": "0", "facet_uid": "I_005", "name": None, "arguments": {}}]}
    broken = remote.flow.new("Broken").definition(copying("numbers", "broken")).build()
    from ikigai_core.api import flows
    from ikigai_core.procedure import send

    ikigai_client.run(send(flows.edit(remote.app_id, broken.flow_id, definition=nameless)))
    gone = remote.dataset.new("gone").df(PRICES).build()
    remote.flow.new("Dangling").definition(copying("gone", "never")).build()
    gone.delete()

    before = requests_sent()
    IkigaiAppState.read(IkigaiWorkspace(), app).save(tmp_path / "state.json")
    assert 0 < requests_sent() - before <= 6
    before = requests_sent()
    specs = {"/".join(spec.key.path[1:]): spec for spec in load_ikigai_asset_specs(tmp_path / "state.json")}
    state = IkigaiAppState.load(tmp_path / "state.json")
    made = build(state)
    assert requests_sent() == before

    upstream = {name: {"/".join(dep.asset_key.path[1:]) for dep in spec.deps} for name, spec in specs.items()}
    assert upstream == {
        "copied": {"numbers"},
        "copied_twice": {"copied"},
        "trained_on": {"prices"},
        "models/prices": {"prices"},
        "predicted": {"prices", "models/prices"},
        "flows/broken": set(),
        "never": {gone.dataset_id.lower()},
    }
    assert "name: " in specs["flows/broken"].metadata["ikigai/fault"]
    assert "cannot run" in (specs["flows/broken"].description or "")
    assert f"imports dataset '{gone.dataset_id}'" in specs["never"].metadata["ikigai/fault"]
    assert specs["copied"].owners == [remote.owner]
    assert specs["copied"].freshness_policy == dg.FreshnessPolicy.time_window(
        fail_window=timedelta(days=3, hours=1)  # from Friday to Monday
    )
    [shown] = [asset for asset in made if not asset.is_executable]
    assert [key.path[1:] for key in shown.keys] == [["flows", "broken"]]

    wanted = [asset for asset in made if asset.is_executable and "never" not in str(asset.keys)]
    dg.materialize([asset for asset in wanted if "models" in str(asset.keys)], instance=instance)
    remote.flow.new("Train").definition(train(version="second")).ensure()
    result = dg.materialize(wanted, instance=instance)
    recorded = metadata_of(result)
    assert recorded["copied_twice"]["dagster/row_count"].value == 3
    lineage = recorded["copied_twice"]["dagster/column_lineage"].value
    assert lineage.deps_by_column["value"] == [dg.TableColumnDep(specs["copied"].key, "value")]
    assert "dagster/column_lineage" not in recorded["predicted"]
    assert recorded["predicted"]["ikigai/null_counts"].value == {"area": 0, "price": 0, "predicted_price": 0}
    model = recorded["models/prices"]
    assert model["ikigai/model_version"].value == "second"
    assert model["ikigai/metric/performance.r2.average_test"].value > 0.9
    assert model["ikigai/metric_history/r2"].value.startswith("![Prices: r2](data:image/svg+xml;base64,")
    event = instance.get_latest_materialization_event(dg.AssetKey([specs["copied"].key.path[0], "models", "prices"]))
    assert event is not None and event.asset_materialization is not None
    tags = event.asset_materialization.tags or {}
    assert tags["dagster/data_version"] == model["ikigai/model_version_id"].value

    # What was read is no longer so: nothing is started that would write something else.
    remote.flows["Copy"].update_definition(copying("numbers", "elsewhere"))
    remote.flows["Copy again"].delete()
    for name, says in (("Copy", "no longer writes 'copied'"), ("Copy again", "is no longer there")):
        [asset] = [asset for asset, flow in zip(made, state.flows, strict=True) if flow.name == name]
        result = dg.materialize([asset], instance=instance, raise_on_error=False)
        [failure] = result.filter_events(lambda event: event.is_step_failure)
        assert says in failure.step_failure_data.error_display_string
        assert "dg utils refresh-defs-state" in failure.step_failure_data.error_display_string
    assert len(remote.flows["Copy"].run_logs(10)) == 1


def large_state(count: int) -> IkigaiAppState:
    flows = []
    for number in range(count):
        facets = {"in": FlowFacet("in", reads=f"data {number}")}
        facets |= {f"o{out}": FlowFacet("out", writes=f"data {number + 1} {out}", after=("in",)) for out in range(4)}
        targets = {"output": Target("o0", "dataset_name")}
        flows.append(IkigaiAppFlow("An app", "1", f"Flow {number}", f"id{number}", facets, targets, "digest"))
    return IkigaiAppState("1", "An app", "bob@example.com", flows)


@pytest.mark.parametrize("count", [150, pytest.param(500, marks=pytest.mark.soak)])
def test_hundreds_of_flows_load_in_time_and_send_nothing(
    count: int, tmp_path: Path, requests_sent: Callable[[], int]
) -> None:
    large_state(count).save(tmp_path / "state.json")
    before = requests_sent()
    began = time.process_time()
    defs = dg.Definitions(assets=build(IkigaiAppState.load(tmp_path / "state.json")))
    assert len(defs.resolve_asset_graph().materializable_asset_keys) == 4 * count
    assert time.process_time() - began < 0.008 * count  # 0.003 s for each on a machine of one's own
    assert requests_sent() == before


@pytest.mark.parametrize(
    ("text", "form"), [('{"version": 0}', "form 0"), ('{"version": 2}', "form 2"), ("", "no known")]
)
def test_state_of_another_form_is_refused_with_what_to_do(text: str, form: str) -> None:
    with pytest.raises(ValueError, match=rf"of {form}.* reads form 1\. Refresh it: dg utils refresh-defs-state"):
        IkigaiAppState.from_json(text)


def test_flows_are_chosen_by_name_and_pattern(caplog: pytest.LogCaptureFixture) -> None:
    state = large_state(12)
    assert [flow.name for flow in state.selected(["Flow 1*"], ["*11"]).flows] == ["Flow 1", "Flow 10"]
    assert state.selected(["Flwo 3"], []).flows == []
    assert "no flow 'Flwo 3'. Did you mean 'Flow 3'" in caplog.text


def test_settings_go_to_the_flows_that_have_the_variables_or_the_name(caplog: pytest.LogCaptureFixture) -> None:
    state = large_state(2)
    made = build(state, settings=FlowSettings(variables={"unknown": 1}, pool="ours"))
    assert {asset.op.pool for asset in made} == {"ours"}
    # Dagster's pages and errors show the names of app and flow, not ids.
    assert [asset.op.name for asset in build(state)] == ["an_app__flow_0", "an_app__flow_1"]
    assert {asset.op.pool for asset in build(state)} == {"an_app__flow_0", "an_app__flow_1"}
    # A limit on a pool would hold up copies, which run side by side.
    assert {asset.op.pool for asset in build(state, settings=FlowSettings(isolation="copy"))} == {None}
    days = dg.StaticPartitionsDefinition(["a"])
    one = FlowSettings(partitions_def=days, partition_output=None)
    partitioned = build(state, flow_settings={"Flow 1": one, "Flwo 0": one})
    assert [asset.partitions_def for asset in partitioned] == [None, days]
    assert "There is no flow 'Flwo 0', for which settings are given. Did you mean 'Flow 0'" in caplog.text


def test_a_flow_that_its_settings_do_not_fit_is_shown_and_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    unfit = FlowSettings(partitions_def=dg.StaticPartitionsDefinition(["a"]))
    first, second = build(large_state(2), flow_settings={"Flow 1": unfit})
    assert first.is_executable
    assert not second.is_executable
    reason = "writes dataset 'data 2 1' for every partition"
    assert all(reason in spec.metadata["ikigai/fault"] for spec in second.specs)
    assert reason in caplog.text


def test_flows_that_are_written_down_are_one_graph_too() -> None:
    flows = [IkigaiFlow("An app", name, copying("numbers", "copied")) for name in ("First", "Second", "second")]
    made = build_ikigai_assets_definitions(flows, workspace=IkigaiWorkspace(), group_name="copies")
    keys = {"/".join(key.path[1:]) for asset in made for key in asset.keys}
    [third] = [key for key in keys if key.startswith("copied/by/second_")]
    assert keys == {"copied", "copied/by/second", third}
    dg.Definitions(assets=made).resolve_implicit_global_asset_job_def()
    assert {spec.group_name for asset in made for spec in asset.specs} == {"copies"}
    days = FlowSettings(partitions_def=dg.StaticPartitionsDefinition(["a"]), partition_output="the same")
    with pytest.raises(dg.DagsterInvalidDefinitionError, match="has no {partition} in it"):
        build_ikigai_assets_definitions(flows, workspace=IkigaiWorkspace(), settings=days)
