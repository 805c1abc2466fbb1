"""What a user holds: found, shown, renamed, moved, deleted."""

from __future__ import annotations

import uuid

import pandas as pd
import pyarrow as pa
import pytest

from ikigai_core import App, Ikigai, NamedMapping
from ikigai_core.errors import NotFoundError


def test_apps_are_listed_found_and_shown_by_name(ikigai_client: Ikigai, app: App) -> None:
    apps = ikigai_client.apps()
    assert isinstance(apps, NamedMapping)
    assert "Start Here (Tutorial)" in apps
    assert app in apps
    assert str(apps[app.name]) == app.name
    assert apps.get_id(app.app_id) == ikigai_client.apps[app.name]
    assert list(ikigai_client.apps.search(app.name[4:])) == [app.name]


def test_an_app_describes_itself_and_its_components(app: App, flights: pd.DataFrame) -> None:
    app.dataset.new("flights").df(flights).build()
    described = app.describe()
    assert described["app"]["app_id"] == app.app_id
    assert described["app"]["created_at"].tzinfo is not None
    assert [dataset["name"] for dataset in described["components"]["datasets"]] == ["flights"]
    assert described["components"]["charts"] == []


@pytest.mark.usefixtures("soon_settled")
def test_an_app_is_ensured_once(ikigai_client: Ikigai) -> None:
    name = f"App {uuid.uuid4().hex[:8]}"
    app = ikigai_client.app.new(name).description("first").ensure()
    try:
        assert app.changes == ("created",)
        assert ikigai_client.app.new(name).ensure().changes == ()
        again = ikigai_client.app.new(name).description("second").ensure()
        assert (again.app_id, again.description, again.changes) == (app.app_id, "second", ("description",))
    finally:
        app.delete()


def test_a_browser_says_how_to_list_where_it_is_taken_for_a_list(app: App, flights: pd.DataFrame) -> None:
    app.dataset.new("flights").df(flights).build()
    with pytest.raises(TypeError, match=r"app\.datasets\(\)"):
        list(app.datasets)  # type: ignore[call-overload]
    with pytest.raises(TypeError):
        "flights" in app.datasets  # type: ignore[operator]  # noqa: B015 - the question is what is tried
    assert app.datasets._ipython_key_completions_() == ["flights"]


def test_a_component_is_a_table_in_a_notebook(app: App, flights: pd.DataFrame) -> None:
    dataset = app.dataset.new("<flights>").df(flights).build()
    table = dataset._repr_html_()
    assert table.startswith("<table><caption>Dataset</caption><tr><th>app_id</th>")
    assert "<td>&lt;flights&gt;</td>" in table
    assert f"<tr><td>&lt;flights&gt;</td><td>{dataset.dataset_id}</td></tr>" in app.datasets()._repr_html_()


def test_a_dataset_stands_for_its_id_in_a_definition(ikigai_client: Ikigai, app: App, flights: pd.DataFrame) -> None:
    dataset = app.dataset.new("flights").df(flights).build()
    types = ikigai_client.facet_types
    imported = ikigai_client.builder.facet(types.INPUT.IMPORTED).arguments(dataset_id=dataset)
    definition = imported.facet(types.OUTPUT.EXPORTED).arguments(dataset_name="copy").build()
    assert definition.imported() == [dataset.dataset_id]


def test_a_dataset_tells_its_columns_types(app: App, flights: pd.DataFrame) -> None:
    dataset = app.dataset.new("flights").df(flights).build()
    assert list(dataset.data_types) == ["flight", "delay", "carrier"]
    assert dataset.data_types["delay"].data_type == "NUMERIC"
    assert dataset.describe()["project_id"] == app.app_id


def test_data_come_back_as_they_were_sent(app: App, flights: pd.DataFrame) -> None:
    dataset = app.dataset.new("flights").df(flights).build()
    pd.testing.assert_frame_equal(dataset.df(dtype={"flight": str}), flights)


def test_columns_are_read_as_the_types_that_are_given(app: App) -> None:
    dataset = app.dataset.new("codes").df(pd.DataFrame({"code": ["01", "02"], "n": [1, 2]})).build()
    assert dataset.arrow()["code"].to_pylist() == [1, 2]
    typed = dataset.arrow(column_types={"code": pa.string()})
    assert typed.to_pylist() == [{"code": "01", "n": 1}, {"code": "02", "n": 2}]


def test_a_listed_flow_tells_its_last_run(app: App, flights: pd.DataFrame) -> None:
    app.dataset.new("flights").df(flights).build()
    read = {"file_type": "csv", "header": True}
    facets = {
        "in": {"type": "INPUT.Imported", "dataset": "flights", "arguments": read},
        "out": {"type": "OUTPUT.Exported", "after": "in", "arguments": {"dataset_name": "out", **read}},
    }
    flow = app.flow.new("Copy").definition({"facets": facets}).build()
    assert flow.last_run == app.flows()["Copy"].last_run == {}
    log = flow.run()
    assert app.flows()["Copy"].last_run["status"] == "SUCCESS"
    assert int(app.flows()["Copy"].last_run["timestamp"]) == int(log.timestamp.timestamp())


def test_data_are_replaced_by_a_frame_or_a_file(app: App, flights: pd.DataFrame, tmp_path: object) -> None:
    dataset = app.dataset.new("flights").df(flights).build()
    assert dataset.edit_data(flights[["delay"]]) is dataset
    assert dataset.df().columns.tolist() == ["delay"]
    path = dataset.to_csv(f"{tmp_path}/copy.csv")
    path.write_text(path.read_text() + "7\n")
    dataset.edit_data(path)
    assert dataset.df()["delay"].tolist()[-1] == 7


def test_components_are_renamed_moved_and_deleted(app: App, flights: pd.DataFrame) -> None:
    dataset = app.dataset.new("flights").df(flights).build()
    directory = app.dataset_directory.new("[INPUT]").build()
    assert dataset.rename("departures").move(directory).name == "departures"
    assert app.dataset_directories()["[INPUT]"] == directory
    assert app.datasets["departures"].describe()["directory"]["directory_id"] == directory.directory_id
    dataset.delete()
    with pytest.raises(KeyError):
        app.datasets["departures"]


def test_a_dataset_tells_what_became_of_its_uploads(app: App, flights: pd.DataFrame) -> None:
    dataset = app.dataset.new("flights").df(flights).build().edit_data(flights)
    assert [(log.status, log.job_type) for log in dataset.logs(5)] == 2 * [("SUCCESS", "UPLOAD_DATASET")]
    assert len(dataset.logs()) == 1


def test_an_app_tells_the_definitions_of_all_its_flows_at_once(app: App) -> None:
    made = [app.flow.new(name).build() for name in ("first", "second")]
    definitions = app.flow_definitions()
    assert {flow_id: definition["facets"] for flow_id, definition in definitions.items()} == {
        flow.flow_id: [] for flow in made
    }


def test_a_component_is_found_by_its_name_or_its_id(ikigai_client: Ikigai, app: App) -> None:
    flow = app.flow.new("Both").build()
    assert ikigai_client.apps.find(app.app_id).flows.find(flow.flow_id).name == "Both"
    assert ikigai_client.apps.find(app.name).flows.find("Both") == flow
    with pytest.raises(NotFoundError, match="There is no flow 'Bot' in app .*Did you mean 'Both'"):
        app.flows.find("Bot")
