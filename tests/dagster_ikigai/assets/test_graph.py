"""Flows that are no asset graph by themselves: each case has an outcome and a note, and nothing is refused."""

from __future__ import annotations

from typing import Any

import dagster as dg
import pytest

from dagster_ikigai import DagsterIkigaiTranslator, IkigaiFlow, IkigaiProps
from dagster_ikigai.assets.graph import FlowGraph


def flow(name: str, reads: list[str], writes: list[str]) -> IkigaiFlow:
    facets: dict[str, Any] = {f"in {dataset}": {"type": "INPUT.Imported", "dataset": dataset} for dataset in reads}
    inputs = list(facets)
    for dataset in writes:
        facets[f"out {dataset}"] = {
            "type": "OUTPUT.Exported",
            "after": inputs,
            "arguments": {"dataset_name": dataset},
        }
    return IkigaiFlow("An app", name, {"facets": facets})


def graph(*flows: IkigaiFlow) -> dict[str, tuple[set[str], str]]:
    """Upstream keys and note of each asset, by key; Dagster accepts the whole of it."""
    specs = FlowGraph(flows).specs
    assets = []
    for number, group in enumerate(specs):

        @dg.multi_asset(specs=group, name=f"step_{number}", can_subset=False)
        def made():  # type: ignore[no-untyped-def]
            ...

        assets.append(made)
    dg.Definitions(assets=assets).resolve_implicit_global_asset_job_def()
    return {
        "/".join(spec.key.path[1:]): (
            {"/".join(dep.asset_key.path[1:]) for dep in spec.deps},
            spec.metadata.get("ikigai/note", ""),
        )
        for group in specs
        for spec in group
    }


def test_two_flows_that_write_one_dataset_are_two_assets_and_both_are_upstream(
    caplog: pytest.LogCaptureFixture,
) -> None:
    made = graph(
        flow("Nightly", ["raw"], ["clean"]),
        flow("By hand", ["fixed"], ["clean"]),
        flow("Report", ["clean"], ["report"]),
    )
    assert set(made) == {"clean", "clean/by/by_hand", "report"}
    assert made["report"][0] == {"clean", "clean/by/by_hand"}
    assert "written by flow 'Nightly', too" in made["clean/by/by_hand"][1]
    assert "app='An app', name='By hand'" in caplog.text


def test_a_flow_that_reads_what_it_writes_is_not_upstream_of_itself() -> None:
    made = graph(flow("Append", ["new", "all"], ["all"]))
    assert made["all"][0] == {"new"}
    assert "It reads dataset 'all', which it writes" in made["all"][1]


def test_a_cycle_across_flows_is_cut_where_a_later_one_leads_back() -> None:
    made = graph(
        flow("First", ["c", "raw"], ["a"]), flow("Second", ["a"], ["b"]), flow("Third", ["b"], ["c"]),
        flow("Aside", ["c"], ["d"]),
    )  # fmt: skip
    assert {name: upstream for name, (upstream, _) in made.items()} == {
        "a": {"raw"},
        "b": {"a"},
        "c": {"b"},
        "d": {"c"},
    }
    assert "dataset 'c' of flow 'Third'" in made["a"][1]
    assert made["b"][1] == made["d"][1] == ""


def test_a_cycle_of_steps_counts_although_no_asset_leads_to_itself() -> None:
    facets = {
        "raw": {"type": "INPUT.Imported", "dataset": "raw"},
        "b": {"type": "INPUT.Imported", "dataset": "b"},
        "to a": {"type": "OUTPUT.Exported", "after": "raw", "arguments": {"dataset_name": "a"}},
        "to c": {"type": "OUTPUT.Exported", "after": "b", "arguments": {"dataset_name": "c"}},
    }
    made = graph(IkigaiFlow("An app", "Both", {"facets": facets}), flow("Between", ["a"], ["b"]))
    assert made["b"][0] == {"a"}
    assert made["c"][0] == set()
    assert "a cycle" in made["c"][1]


def test_keys_are_app_and_dataset_also_if_an_app_has_several_flows() -> None:
    facets = {
        "raw": {"type": "INPUT.Imported", "dataset": "raw"},
        "model": {"type": "MID.Predict", "after": "raw", "arguments": {"model_name": "A model"}},
    }
    train = IkigaiFlow("An app", "Train", {"facets": facets})
    specs = FlowGraph([flow("One", ["raw"], ["Late flights"]), train, flow("Two", ["Late flights"], ["late"])]).specs
    assert [[spec.key.to_user_string() for spec in group] for group in specs] == [
        ["an_app/late_flights"],
        ["an_app/models/a_model"],
        ["an_app/late"],
    ]
    assert [dep.asset_key.to_user_string() for group in specs for spec in group for dep in spec.deps] == [
        "an_app/raw",
        "an_app/raw",
        "an_app/late_flights",
    ]


def test_names_that_look_alike_to_dagster_stay_apart_and_the_first_keeps_its_key() -> None:
    made = graph(flow("One", ["raw"], ["Late flights"]), flow("Two", ["late-flights"], ["LATE FLIGHTS", "models"]))
    assert "late_flights" in made
    assert len(made) == 3
    [key] = [key for key in made if key.startswith("late_flights_")]
    [upstream] = made[key][0]
    assert upstream.startswith("late_flights_")
    assert upstream != key


def test_a_translator_that_gives_two_assets_one_key_is_told_which() -> None:
    class Same(DagsterIkigaiTranslator):
        def get_asset_spec(self, props: IkigaiProps) -> dg.AssetSpec:
            return super().get_asset_spec(props).replace_attributes(key="same")

    with pytest.raises(dg.DagsterInvalidDefinitionError, match="key 'same': dataset 'a' of .*'One'.*dataset 'b' of"):
        FlowGraph([flow("One", [], ["a"]), flow("Two", [], ["b"])], Same())


def test_the_defaults_are_never_refused() -> None:
    long = "An " + "extraordinarily " * 20 + "long name"
    facets = {
        "model": {"type": "MID.Predict", "arguments": {"model_name": long, "parameters": {"mode": "train"}}},
        "out": {"type": "OUTPUT.Exported", "after": "model", "arguments": {"dataset_name": "出力 №1/2 <b>"}},
    }
    specs = FlowGraph([IkigaiFlow(long, "Ünïcode?", {"facets": facets})], owners={long: "not an address"}).specs
    assert [spec.key.path[1] for spec in specs[0]][1] == "models"
    assert all(len(value) <= 63 for spec in specs[0] for value in spec.tags.values())
    dg.Definitions(assets=specs[0]).resolve_asset_graph()
