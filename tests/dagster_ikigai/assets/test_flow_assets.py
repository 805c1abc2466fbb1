"""Assets made of flows and of files: how they look in the graph, and what materializing them does and records."""

from __future__ import annotations

import importlib.util
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd
import pytest

from dagster_ikigai import (
    DagsterIkigaiTranslator,
    IkigaiDatasetProps,
    IkigaiFlow,
    IkigaiWorkspace,
    build_ikigai_dataset_asset,
    build_ikigai_flow_assets,
    ikigai_assets,
)
from ikigai_core import Ikigai, RunLog

from .materializing import failure_of, materialize

EXAMPLES = Path(__file__).parents[3] / "examples"
DAYS = dg.StaticPartitionsDefinition(["Monday"])
DAYS_AND_PLACES = dg.MultiPartitionsDefinition({"day": DAYS, "place": dg.StaticPartitionsDefinition(["north"])})
IMPORTED = {"type": "INPUT.Imported", "dataset": "numbers", "arguments": {"file_type": "csv", "header": True}}


def exported(after: str, dataset: str) -> dict[str, Any]:
    arguments = {"dataset_name": dataset, "file_type": "csv", "header": True}
    return {"type": "OUTPUT.Exported", "after": after, "arguments": arguments}


def large_numbers(app: str, *outputs: str) -> IkigaiFlow:
    """A flow that keeps the numbers above a bound, in as many datasets as are named."""
    larger = {
        "type": "MID.Filter",
        "after": "numbers",
        "arguments": {"column_name": "value", "condition": "greater_than", "value": "1"},
        "variables": {"bound": "value"},
    }
    facets = {"numbers": IMPORTED, "larger": larger, **{f"to {name}": exported("larger", name) for name in outputs}}
    return IkigaiFlow(app, "Scripted", {"facets": facets})


def load_example() -> Any:
    spec = importlib.util.spec_from_file_location("dagster_late_flights", EXAMPLES / "dagster_late_flights.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_the_example_records_what_it_made(
    ikigai_client: Ikigai, instance: dg.DagsterInstance, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("LATE_FLIGHTS_CSV", str(tmp_path / "late.csv"))
    defs: dg.Definitions = load_example().defs
    result = defs.resolve_implicit_global_asset_job_def().execute_in_process(instance=instance)
    frame = pd.read_csv(tmp_path / "late.csv")
    assert frame["minutes_late"].min() >= 60

    key = dg.AssetKey(["late_flights_with_dagster", "late_flights"])
    event = instance.get_latest_materialization_event(key)
    assert event is not None and event.asset_materialization is not None
    metadata: dict[str, Any] = {name: entry.value for name, entry in event.asset_materialization.metadata.items()}
    app = ikigai_client.apps["Late flights with Dagster"]
    dataset, flow = app.datasets["late_flights"], app.flows["Late flights"]
    log = flow.run_logs()[0]
    assert metadata["dagster/row_count"] == len(frame)
    assert [(column.name, column.type) for column in metadata["dagster/column_schema"].columns] == [
        (name, column.data_type.value) for name, column in dataset.data_types.items()
    ]
    assert metadata["ikigai/size_bytes"] == dataset.size
    assert (metadata["ikigai/app_id"], metadata["ikigai/dataset_id"]) == (app.app_id, dataset.dataset_id)
    assert (metadata["ikigai/flow_id"], metadata["ikigai/run_log_id"]) == (flow.flow_id, log.log_id)
    assert (metadata["ikigai/run_status"], metadata["ikigai/run_ended_at"]) == ("SUCCESS", log.timestamp.timestamp())
    assert metadata["ikigai/run_variables"] == {"output": "late_flights"}
    preview_of: Any = event.asset_materialization.metadata["ikigai/preview"]
    preview = [record.data for record in preview_of.records]
    assert [int(row["minutes_late"]) for row in preview] == list(frame["minutes_late"][:5])

    events = " ".join(str(entry) for entry in instance.all_logs(result.run_id))
    assert "Flow 'Late flights' is " in events
    assert f"Flow 'Late flights' ended: SUCCESS (run log {log.log_id})" in events
    assert os.environ["IKIGAI_API_KEY"] not in events


def test_the_graph_follows_the_definition_and_nothing_is_sent(requests_sent: Callable[[], int]) -> None:
    before = requests_sent()
    flow = large_numbers("An app", "large", "huge")
    made = build_ikigai_flow_assets(flow, group_name="numbers")
    source = build_ikigai_dataset_asset(app="An app", dataset="numbers", path="numbers.csv")
    assert made.keys == {dg.AssetKey(["an_app", "large"]), dg.AssetKey(["an_app", "huge"])}
    for spec in made.specs:
        assert {dep.asset_key for dep in spec.deps} == source.keys
        assert spec.code_version == flow.version
        assert spec.kinds == {"ikigai"}
        assert spec.group_name == "numbers"
    assert requests_sent() == before


def test_a_flow_that_reads_what_it_writes_is_no_cycle() -> None:
    facets = {"numbers": IMPORTED, "before": {**IMPORTED, "dataset": "all"}}
    facets |= {"both": {"type": "MID.Union", "after": ["numbers", "before"]}, "out": exported("both", "all")}
    [spec] = build_ikigai_flow_assets(IkigaiFlow("An app", "A flow", {"facets": facets})).specs
    assert [dep.asset_key for dep in spec.deps] == [dg.AssetKey(["an_app", "numbers"])]


def test_a_translator_decides_on_written_and_read_datasets_alike() -> None:
    class Bare(DagsterIkigaiTranslator):
        def get_asset_spec(self, props: IkigaiDatasetProps) -> dg.AssetSpec:
            return super().get_asset_spec(props).replace_attributes(key=props.name, code_version="mine")

    [spec] = build_ikigai_flow_assets(large_numbers("An app", "large"), translator=Bare()).specs
    assert spec.key == dg.AssetKey("large")
    assert [dep.asset_key for dep in spec.deps] == [dg.AssetKey("numbers")]
    assert spec.code_version == "mine"


def test_a_flow_with_two_outputs_is_one_step_and_one_run(
    app: str, instance: dg.DagsterInstance, platform_runs: Callable[[], list[RunLog]]
) -> None:
    made = build_ikigai_flow_assets(large_numbers(app, "large", "huge"))
    result, recorded = materialize(made, instance=instance)
    assert result.success
    assert recorded["large"]["dagster/row_count"] == recorded["huge"]["dagster/row_count"] == 2
    assert len(platform_runs()) == 1
    with pytest.raises(dg.DagsterInvalidDefinitionError) as refused:
        materialize(made, instance=instance, selection=[next(iter(made.keys))])
    assert isinstance(refused.value.__cause__, dg.DagsterInvalidSubsetError)


def test_a_function_of_ones_own_runs_the_flow_also_under_a_prefix(app: str, instance: dg.DagsterInstance) -> None:
    flow = large_numbers(app, "large")

    @ikigai_assets(flow=flow, name="my_step")
    def mine(context, ikigai: IkigaiWorkspace):  # type: ignore[no-untyped-def]
        yield from ikigai.run_flow(context, flow, variables={"bound": 2})

    assert mine.op.name == "my_step"
    moved = mine.with_attributes(asset_key_replacements={key: key.with_prefix("prod") for key in mine.keys})
    result, recorded = materialize(moved, instance=instance)
    [event] = result.get_asset_materialization_events()
    assert event.asset_key is not None and event.asset_key.path[0] == "prod"
    assert recorded["large"]["dagster/row_count"] == 1


def test_columns_tell_where_they_are_from_unless_a_script_made_them(app: str, instance: dg.DagsterInstance) -> None:
    facets = {
        "numbers": IMPORTED,
        "larger": {
            "type": "MID.Filter",
            "after": "numbers",
            "arguments": {"column_name": "value", "condition": "greater_than", "value": "1"},
        },
        "renamed": {
            "type": "MID.Rename_Columns",
            "after": "larger",
            "arguments": {"columns": [{"old_name": "value", "new_name": "amount"}]},
        },
        "scripted": {"type": "MID.Python", "after": "larger", "arguments": {"script": "result = data"}},
        "to plain": exported("renamed", "plain"),
        "to scripted": exported("scripted", "made"),
    }
    made = build_ikigai_flow_assets(IkigaiFlow(app, "Scripted", {"facets": facets}))
    _, recorded = materialize(made, instance=instance)
    [source] = made.dependency_keys
    lineage: dg.TableColumnLineage = recorded["plain"]["dagster/column_lineage"]
    assert lineage.deps_by_column == {
        "name": [dg.TableColumnDep(source, "name")],
        "amount": [dg.TableColumnDep(source, "value")],
    }
    assert "dagster/column_lineage" not in recorded["made"]


def test_the_same_data_has_the_same_version(app: str, instance: dg.DagsterInstance) -> None:
    made = build_ikigai_flow_assets(large_numbers(app, "large"))
    versions = []
    for bound in ("1", "1", "2"):
        config = {"ops": {made.op.name: {"config": {"variables": {"bound": bound}}}}}
        result, recorded = materialize(made, instance=instance, run_config=config)
        [event] = result.get_asset_materialization_events()
        versions.append((event.materialization.tags or {})["dagster/data_version"])
        assert recorded["large"]["ikigai/run_variables"] == {"bound": bound}
    assert versions[0] == versions[1] != versions[2]


def test_a_partition_key_becomes_a_run_variable(app: str, instance: dg.DagsterInstance) -> None:
    made = build_ikigai_flow_assets(
        large_numbers(app, "large"),
        partitions_def=dg.StaticPartitionsDefinition(["0", "2"]),
        partition_variable="bound",
        partition_output=None,
    )
    for key, rows in (("0", 3), ("2", 1)):
        result, recorded = materialize(made, instance=instance, partition_key=key)
        assert result.success
        assert recorded["large"]["ikigai/run_variables"] == {"bound": key}
        assert recorded["large"]["dagster/row_count"] == rows
    config = {"ops": {made.op.name: {"config": {"variables": {"bound": "9"}}}}}
    result, _ = materialize(made, instance=instance, partition_key="0", run_config=config)
    assert "'bound', whose value is the partition's key ('0')" in failure_of(result)


RANGE = ("dagster/asset_partition_range_start", "dagster/asset_partition_range_end")
"""The tags by which a backfill names partitions if the asset has a backfill policy."""


def partitioned(app: str, name: str, **settings: Any) -> dg.AssetsDefinition:
    """Partitions of the numbers, each in a dataset of its own."""
    facets = large_numbers(app, name).definition.to_dict()["facets"]
    facets[f"to {name}"]["variables"] = {"output": "dataset_name"}
    return build_ikigai_flow_assets(IkigaiFlow(app, name, {"facets": facets}), **settings)


def test_a_run_for_a_range_of_one_partition_is_for_that_partition(
    app: str, instance: dg.DagsterInstance, ikigai_client: Ikigai
) -> None:
    bounds = dg.StaticPartitionsDefinition(["0", "2"])
    policy = dg.BackfillPolicy.multi_run(max_partitions_per_run=1)
    made = partitioned(app, "large", partitions_def=bounds, partition_variable="bound", backfill_policy=policy)
    result, recorded = materialize(made, instance=instance, tags=dict.fromkeys(RANGE, "2"))
    assert result.success
    assert recorded["large"]["ikigai/run_variables"] == {"bound": "2", "output": "large 2"}
    [event] = result.get_asset_materialization_events()
    assert event.partition == "2"
    assert set(ikigai_client.apps[app].datasets()) == {"numbers", "large 2"}


def test_a_step_with_partitions_runs_for_one_of_them_or_not_at_all(
    app: str, instance: dg.DagsterInstance, ikigai_client: Ikigai
) -> None:
    made = partitioned(app, "large", partitions_def=dg.StaticPartitionsDefinition(["0", "2"]))
    result, _ = materialize(made, instance=instance, tags=dict(zip(RANGE, ("0", "2"), strict=True)))
    assert "is for 2 partitions, from '0' to '2', and a run of a flow stands for one" in failure_of(result)
    result, _ = materialize(made, instance=instance)
    assert "has partitions, and this Dagster run is for none" in failure_of(result)
    assert list(ikigai_client.apps[app].flows()) == []


def test_a_step_without_partitions_takes_none_from_its_dagster_run(app: str, instance: dg.DagsterInstance) -> None:
    daily = partitioned(app, "large", partitions_def=DAYS)
    result, recorded = materialize(daily, partitioned(app, "all"), instance=instance, partition_key="Monday")
    assert result.success
    assert {name: each["ikigai/run_variables"] for name, each in recorded.items()} == {
        "large": {"output": "large Monday"},
        "all": {},
    }


def test_partitions_of_two_dimensions_set_two_variables(app: str, instance: dg.DagsterInstance) -> None:
    facets = large_numbers(app, "large").definition.to_dict()["facets"]
    facets["to large"]["variables"] = {"output": "dataset_name"}
    made = build_ikigai_flow_assets(
        IkigaiFlow(app, "Scripted", {"facets": facets}),
        partitions_def=dg.MultiPartitionsDefinition(
            {"bound": dg.StaticPartitionsDefinition(["2"]), "place": dg.StaticPartitionsDefinition(["north"])}
        ),
        partition_variable={"bound": "bound", "place": "output"},
    )
    result, recorded = materialize(
        made, instance=instance, partition_key=dg.MultiPartitionKey({"bound": "2", "place": "north"})
    )
    assert result.success
    assert recorded["large"]["ikigai/run_variables"] == {"bound": "2", "output": "north"}
    assert recorded["large"]["dagster/row_count"] == 1


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"variables": {"bound": ["1"]}}, "'bound' is of type list"),
        ({"variables": {"bond": "1"}}, "no run variable 'bond', but: 'bound'"),
        ({"timeout": -1}, "timeout is -1: give seconds from 0 on"),
        ({"partition_variable": "day"}, "no run variable 'day'"),
        ({"partition_variable": "bound"}, "needs a partitions_def"),
        ({"partition_variable": {"day": "bound"}, "partitions_def": DAYS}, "whose dimensions are: none"),
        ({"partition_variable": "bound", "partitions_def": DAYS_AND_PLACES}, "whose dimensions are: 'day', 'place'"),
        ({"partition_variable": {"dya": "bound"}, "partitions_def": DAYS_AND_PLACES}, "are: 'day', 'place'"),
        (
            {"partition_variable": "bound", "variables": {"bound": "1"}},
            "both by `variables` and by `partition_variable`",
        ),
    ],
)
def test_faulty_variables_are_refused_at_load(options: dict[str, Any], says: str) -> None:
    with pytest.raises(dg.DagsterInvalidDefinitionError, match=says):
        build_ikigai_flow_assets(large_numbers("An app", "large"), **options)


def test_a_misspelt_variable_in_the_run_config_is_refused_before_the_run(
    instance: dg.DagsterInstance, requests_sent: Callable[[], int]
) -> None:
    made = build_ikigai_flow_assets(large_numbers("An app", "large"))
    before = requests_sent()
    with pytest.raises(dg.DagsterInvalidConfigError, match="bond"):
        materialize(
            made, instance=instance, run_config={"ops": {made.op.name: {"config": {"variables": {"bond": "1"}}}}}
        )
    assert requests_sent() == before


def test_a_workspace_can_be_given_and_says_how_much_is_fetched(app: str, instance: dg.DagsterInstance) -> None:
    flow = large_numbers(app, "large")
    settings = {"preview_rows": 0}, {"profile_limit_mb": 0.00001}
    told = []
    for options in settings:
        workspace = IkigaiWorkspace(api_key=dg.EnvVar("IKIGAI_API_KEY"), **options)
        result = dg.materialize([build_ikigai_flow_assets(flow, workspace=workspace)], instance=instance)
        [event] = result.get_asset_materialization_events()
        told.append({"ikigai/size_bytes", "dagster/row_count", "ikigai/preview"} & set(event.materialization.metadata))
    assert told == [{"ikigai/size_bytes", "dagster/row_count"}, {"ikigai/size_bytes"}]


@pytest.mark.parametrize("of", ["a flow", "a dataset"])
def test_a_mistyped_app_names_the_nearest_and_creates_nothing(
    of: str, app: str, instance: dg.DagsterInstance, ikigai_client: Ikigai, tmp_path: Path
) -> None:
    path = tmp_path / "letters.csv"
    path.write_text("letter,place\na,1\n")
    mistyped, patient = app[:-1], dg.RetryPolicy(max_retries=2)
    made = (
        build_ikigai_flow_assets(large_numbers(mistyped, "large"), retry_policy=patient)
        if of == "a flow"
        else build_ikigai_dataset_asset(app=mistyped, dataset="letters", path=path, retry_policy=patient)
    )
    before = len(ikigai_client.apps())
    result, _ = materialize(made, instance=instance)
    assert f"There is no app {mistyped!r}" in failure_of(result)
    assert f"Did you mean {app!r}?" in failure_of(result)
    assert not result.filter_events(lambda event: event.is_step_up_for_retry)
    assert len(ikigai_client.apps()) == before


def test_an_app_is_created_where_that_is_asked_for(
    app: str, instance: dg.DagsterInstance, ikigai_client: Ikigai, tmp_path: Path
) -> None:
    path, new = tmp_path / "numbers.csv", f"New {app}"
    path.write_text("name,value\none,1\ntwo,2\n")
    flow = IkigaiFlow(new, "Scripted", large_numbers(new, "large").definition.to_dict(), create_app=True)
    before = len(ikigai_client.apps())

    result, _ = materialize(build_ikigai_flow_assets(flow), instance=instance)
    assert "there is no dataset 'numbers'" in failure_of(result)
    assert len(ikigai_client.apps()) == before + 1
    ikigai_client.apps[new].delete()

    numbers = build_ikigai_dataset_asset(app=new, dataset="numbers", path=path, create_app=True)
    result, recorded = materialize(numbers, build_ikigai_flow_assets(flow), instance=instance)
    assert result.success
    assert recorded["large"]["dagster/row_count"] == 1
    assert len(ikigai_client.apps()) == before + 1
