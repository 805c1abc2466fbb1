"""Datasets as assets and in lineage."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml
from airflow.sdk import DAG, Asset, AssetAlias
from airflow.sdk.definitions.asset import AssetUniqueKey

from airflow_provider_ikigai import lineage
from airflow_provider_ikigai.assets import convert_asset_to_openlineage, create_asset, dataset_asset, flow_assets
from airflow_provider_ikigai.operators.flow_run import IkigaiRunFlowOperator
from ikigai_core import DefinitionDocument, Flow

LATE_FLIGHTS = Path(__file__).parents[2] / "examples" / "late_flights.yaml"


def test_an_address_is_written_in_one_way() -> None:
    asset = dataset_asset("Späte Flüge & mehr", "late/flights")
    assert asset.uri == "ikigai://Sp%C3%A4te%20Fl%C3%BCge%20%26%20mehr/datasets/late%2Fflights"
    assert Asset(uri="IKIGAI://Late%20flights/datasets/x/").uri == dataset_asset("Late flights", "x").uri
    assert create_asset(app="a", dataset="b", extra={"c": 1}).extra == {"c": 1}
    converted = convert_asset_to_openlineage(dataset_asset("Late flights", "a b"), None)
    assert (converted.namespace, converted.name) == ("ikigai://Late%20flights", "a b")
    assert convert_asset_to_openlineage(Asset(uri="ikigai://app/models/a%20b"), None).name == "models/a b"


@pytest.mark.parametrize("uri", ["ikigai:///datasets/x", "ikigai://app", "ikigai://app/things/x", "ikigai://app/flows"])
def test_other_addresses_are_refused(uri: str) -> None:
    with pytest.raises(ValueError, match="is not the address of a component on the Ikigai platform"):
        Asset(uri=uri)


def test_a_definition_says_what_its_runs_read_and_write() -> None:
    document = yaml.safe_load(LATE_FLIGHTS.read_text())
    for definition in (LATE_FLIGHTS, document, DefinitionDocument.load(document)):
        inlets, outlets = flow_assets("Late flights", definition)
        assert (inlets, outlets) == (
            [dataset_asset("Late flights", "flights")],
            [dataset_asset("Late flights", "late_flights")],
        )
    assert flow_assets("a", document, {"output": "mine"})[1] == [dataset_asset("a", "mine")]
    assert flow_assets("a", document, {"output": "late_{{ ds }}"})[1] == []


def test_a_run_tells_airflow_and_openlineage_what_it_read_and_wrote(
    run_dag: Callable[..., Any], app: str, make_flow: Callable[..., Flow], monkeypatch: pytest.MonkeyPatch
) -> None:
    flow = make_flow("result = data.assign(double=2 * data.value)")
    document = {
        "facets": {
            "numbers": {"type": "INPUT.Imported", "dataset": "numbers"},
            "out": {"type": "OUTPUT.Exported", "after": "numbers", "arguments": {"dataset_name": "worked on"}},
        }
    }
    alias = AssetAlias("worked on by anyone")
    told: list[Any] = []
    lineages: list[Any] = []

    def after(context: Any, result: Any) -> None:
        told.extend((key, event.extra, event.asset_alias_events) for key, event in outlet_events(context).items())
        lineages.append(context["task"].get_openlineage_facets_on_complete(context["ti"]))

    monkeypatch.setattr(lineage, "is_wanted", lambda: True)
    for deferrable in (False, True):
        with DAG(f"lineage_{deferrable}", schedule=None) as dag:
            task = IkigaiRunFlowOperator(
                task_id="run",
                app=app,
                flow="Scripted",
                definition=document,
                deferrable=deferrable,
                outlets=[alias],
                post_execute=after,
            )
        assert task.inlets == [dataset_asset(app, "numbers")]
        assert task.outlets == [alias, dataset_asset(app, "worked on")]
        ran = run_dag(dag)
        assert ran.state == "success", ran.log
    extra = {
        "row_count": 3,
        "size_bytes": told[0][2][0].extra["size_bytes"],
        "dataset_id": told[0][2][0].extra["dataset_id"],
        "run_log_id": flow.run_logs(2)[1].log_id,
        "flow_id": flow.flow_id,
    }
    by_alias, by_asset = told[:2]
    assert by_alias[2][0].extra == extra
    assert by_alias[2][0].dest_asset_key == AssetUniqueKey.from_asset(dataset_asset(app, "worked on"))
    assert by_asset[:2] == (dataset_asset(app, "worked on"), extra)
    for facets in lineages:
        (read,), (written,) = facets.inputs, facets.outputs
        assert (read.name, written.name) == ("numbers", "worked on")
        assert [field.name for field in written.facets["schema"].fields] == ["name", "value", "double"]
        assert written.outputFacets["outputStatistics"].rowCount == 3
        assert facets.run_facets["externalQuery"].source == "ikigai"


@pytest.mark.parametrize("knows_definition", [False, True], ids=["without a definition", "with a definition"])
def test_each_mapped_task_tells_of_the_dataset_that_its_run_wrote(
    run_dag: Callable[..., Any],
    app: str,
    make_flow: Callable[..., Flow],
    airflow_database: Path,
    knows_definition: bool,
) -> None:
    definition = make_flow("result = data").definition() if knows_definition else None
    with DAG(f"mapped_{knows_definition}", schedule=None) as dag:
        IkigaiRunFlowOperator.partial(
            task_id="run", app=app, flow="Scripted", definition=definition, outlets=[AssetAlias("each week's")]
        ).expand(variables=[{"output": "this week"}, {"output": "last week"}])
    make_flow("result = data")
    ran = run_dag(dag)
    assert ran.state == "success", ran.log
    with sqlite3.connect(airflow_database) as connection:
        told = connection.execute(
            "SELECT source_map_index, uri FROM asset_event JOIN asset ON asset.id = asset_id WHERE source_dag_id = ?",
            [dag.dag_id],
        ).fetchall()
    weeks = enumerate(("this week", "last week"))
    assert sorted(told) == [(number, dataset_asset(app, week).uri) for number, week in weeks]


def outlet_events(context: Any) -> dict[Any, Any]:
    events = context["outlet_events"]
    return {key: events[key] for key in events}
