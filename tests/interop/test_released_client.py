"""The released client, unchanged but for the base URL, does on the local platform what its README shows.

Run with 0.2.14, whose README that is, and with 0.4.4.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ikigai import Ikigai
from ikigai.components import App, Dataset
from ikigai.components.flow import FlowStatus, Schedule
from pandas.testing import assert_frame_equal

from ikigai_core.local.process import LocalPlatform

pytestmark = [
    # Listings that the README shows are deprecated by now.
    pytest.mark.filterwarnings("ignore::DeprecationWarning"),
    # Its session closes itself when it is collected, whatever the state that it is in.
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

newer_client = pytest.mark.skipif(version("ikigai") == "0.2.14", reason="0.2.14 does not have it yet")

TUTORIAL = "Start Here (Tutorial)"
CSV = {"file_type": "csv", "header": True}
IMPORTED = CSV | {"use_raw_file": False}


# -- the client and apps -----------------------------------------------------------------------------------------------


def test_the_apps_are_listed(ikigai: Ikigai) -> None:
    apps = ikigai.apps()
    assert TUTORIAL in [app.name for app in apps.values()]
    assert apps[TUTORIAL].owner == "bob@example.com"
    with pytest.raises(KeyError):
        apps["no such app"]


def test_an_app_is_described_with_its_components(ikigai: Ikigai, app: App) -> None:
    description = ikigai.apps()["my app"].describe()
    assert description["app"]["app_id"] == app.app_id
    assert description["app"]["created_at"].tzinfo is not None
    assert description["components"]["charts"] == []
    assert description["components"]["dataset_directories"] == []


def test_an_app_is_changed_found_and_deleted(ikigai: Ikigai) -> None:
    app = ikigai.app.new(name="before").description("old").build()
    app.rename("after").update_description("new")
    assert ikigai.apps["after"].description == "new"
    assert app.app_id in [found.app_id for found in ikigai.apps.search("fte").values()]
    app.delete()
    with pytest.raises(RuntimeError, match="after"):
        ikigai.apps["after"]


def test_apps_live_in_directories(ikigai: Ikigai) -> None:
    outer = ikigai.app_directory.new(name="outer").build()
    inner = ikigai.app_directory.new(name="inner").parent(outer).build()
    app = ikigai.app.new(name="kept").directory(inner).build()
    assert "outer" in ikigai.app_directories()
    assert [found.directory_id for found in outer.directories().values()] == [inner.directory_id]
    assert inner.apps()["kept"].app_id == app.app_id
    assert len(outer.apps()) == 0
    app.delete()
    inner.delete()
    outer.delete()
    assert "outer" not in ikigai.app_directories()


@newer_client
def test_access_is_granted_updated_and_revoked(app: App) -> None:
    from ikigai import AppAccessLevel

    def users() -> dict[str, str]:
        return {user["email"]: user["project_access_level"] for user in app.describe()["components"]["users"]}

    app.access.grant("ann@example.com", AppAccessLevel.VIEWER)
    app.access.update("ann@example.com", AppAccessLevel.BUILDER)
    assert users()["ann@example.com"] == "BUILDER"
    app.access.revoke("ann@example.com")
    assert "ann@example.com" not in users()


def test_a_wrong_key_is_told_as_the_readme_says(platform: LocalPlatform) -> None:
    ikigai = Ikigai(user_email="bob@example.com", api_key="wrong", base_url=platform.url)
    with pytest.raises(RuntimeError, match="Missing Authentication Token"):
        ikigai.apps()


# -- datasets ----------------------------------------------------------------------------------------------------------


def test_a_dataset_shows_its_columns(app: App, dataset: Dataset) -> None:
    found = app.datasets()["my dataset"]
    assert found.dataset_id == dataset.dataset_id
    assert found.filename == "my dataset.csv"
    assert list(found.data_types) == ["Product (name/description)", "SKU/Unique Item ID", "Channel/Location", "Qty"]
    assert found.data_types["Qty"].data_type == "NUMERIC"
    assert found.data_types["Qty"].data_formats == {"numeric_format": "INTEGER"}
    assert found.size > 0
    assert found.modified_at >= found.created_at


def test_a_dataset_is_described(dataset: Dataset) -> None:
    description = dataset.describe()
    assert description["name"] == "my dataset"
    assert description["directory"]["type"] == "DATASET"
    assert description["directory"]["directory_id"] == ""


def test_the_tutorials_dataset_is_downloaded(ikigai: Ikigai) -> None:
    dataset = ikigai.apps()[TUTORIAL].datasets()["[INPUT]"]
    first = dataset.df().head()
    assert list(first.columns) == ["Product (name/description)", "SKU/Unique Item ID", "Channel/Location", "Qty"]
    assert first["Qty"].tolist() == [166, 428, 271, 421, 342]


def test_a_frame_becomes_a_dataset_and_comes_back(app: App) -> None:
    frame = pd.DataFrame({"Name": ["Alice", "Bob"], "Age": [25, 30]})
    new_dataset = app.dataset.new("New Dataset").df(frame).build()
    assert new_dataset.name == "New Dataset"
    assert_frame_equal(new_dataset.df(), frame, check_dtype=False)


def test_a_dataset_is_updated(app: App, dataset: Dataset) -> None:
    before = dataset.df()
    updated = before[before.columns[:-1]]
    dataset.edit_data(updated)
    assert_frame_equal(dataset.df(), updated)
    assert "Qty" not in app.datasets()["my dataset"].data_types


def test_a_large_file_goes_up_in_parts(app: App, tmp_path: Path) -> None:
    file = tmp_path / "large.csv"
    row = "1,some text that is neither short nor long\n"
    file.write_text("number,text\n" + row * (24 * 2**20 // len(row)))
    dataset = app.dataset.new("large ä/ö & co").csv(file).build()
    assert dataset.size == file.stat().st_size
    assert_frame_equal(dataset.df(), pd.read_csv(file))


def test_a_dataset_that_fails_to_upload_is_not_left_behind(app: App, tmp_path: Path) -> None:
    file = tmp_path / "broken.csv"
    file.write_text("a,b\n1,2,3\n")
    with pytest.raises(RuntimeError, match="FAILED"):
        app.dataset.new("broken").csv(file).build()
    assert "broken" not in app.datasets()


def test_datasets_are_renamed_moved_searched_and_deleted(app: App, dataset: Dataset) -> None:
    folder = app.dataset_directory.new(name="folder").build()
    dataset.rename("renamed").move(folder)
    assert folder.datasets()["renamed"].dataset_id == dataset.dataset_id
    assert [found.name for found in app.datasets.search("nam").values()] == ["renamed"]
    dataset.delete()
    assert len(app.datasets()) == 0


@newer_client
def test_agents_are_given_access(ikigai: Ikigai, app: App, dataset: Dataset) -> None:
    dataset.update_agent_access(agent_access=True)
    assert app.datasets["my dataset"].agent_access is True
    definition = counting(ikigai, dataset.dataset_id, "counted")
    flow = app.flow.new("for agents").definition(definition).agent_access(True).build()
    assert flow.agent_access is True


# -- facet types and flow definitions ----------------------------------------------------------------------------------


def test_facet_types_are_listed_and_explained(ikigai: Ikigai) -> None:
    facet_types = ikigai.facet_types
    assert facet_types.INPUT.types[:2] == ["HANA", "IMPORTED"]
    assert "COUNT" in facet_types.MID.types
    assert facet_types.OUTPUT.types[-1] == "SLACK"
    words = facet_types.INPUT.Imported.help().split()
    assert words[words.index("file_type:") :][:3] == ["file_type:", "TEXT", "options=[csv|xlsx|xls]"]


def counting(ikigai: Ikigai, dataset_id: str, output: str) -> Any:
    """Count sales by channel, chained as the README chains facets implicitly."""
    facet_types = ikigai.facet_types
    return (
        ikigai.builder.facet(facet_type=facet_types.INPUT.Imported)
        .arguments(dataset_id=dataset_id, **IMPORTED)
        .facet(facet_type=facet_types.MID.COUNT)
        .arguments(output_column_name="count", sort=True, target_columns=["Channel/Location"])
        .facet(facet_type=facet_types.OUTPUT.EXPORTED, name="output")
        .arguments(dataset_name=output, **CSV)
        .variables(output="dataset_name")
        .build()
    )


def test_a_counting_flow_is_built_and_run(ikigai: Ikigai, app: App, dataset: Dataset) -> None:
    definition = counting(ikigai, dataset.dataset_id, "counted")
    flow = app.flow.new(name="new flow").definition(definition).build()
    assert app.flows()["new flow"].flow_id == flow.flow_id
    assert (flow.status().status, flow.status().progress, flow.status().message) == (FlowStatus.IDLE, None, "")
    before = datetime.now(UTC)
    log = flow.run()
    assert (log.status, log.user) == (FlowStatus.SUCCESS, "bob@example.com")
    assert (log.erroneous_facet_id, log.data) == (None, "")
    assert log.timestamp > before
    counted = app.datasets["counted"].df()
    assert dict(zip(counted["Channel/Location"], counted["count"], strict=True)) == {"Amazon": 2, "Store": 2}


def test_runs_leave_logs_newest_first(ikigai: Ikigai, app: App, dataset: Dataset) -> None:
    flow = app.flow.new("twice").definition(counting(ikigai, dataset.dataset_id, "counted")).build()
    assert flow.run_logs() == []
    logs = [flow.run(), flow.run()]
    assert flow.run_logs() == [logs[1]]
    assert flow.run_logs(max_count=3) == [logs[1], logs[0]]


def test_two_inputs_meet_in_a_union(ikigai: Ikigai, app: App, dataset: Dataset) -> None:
    other = app.dataset.new("other").df(pd.DataFrame({"Qty": [1], "Remark": ["new"]})).build()
    facet_types = ikigai.facet_types
    builder = ikigai.builder
    import_1 = builder.facet(facet_type=facet_types.INPUT.Imported).arguments(dataset_id=dataset.dataset_id, **IMPORTED)
    # The README hangs the second import on the first; that is tolerated.
    import_2 = import_1.facet(facet_type=facet_types.INPUT.Imported).arguments(dataset_id=other.dataset_id, **IMPORTED)
    union = (
        builder.facet(facet_type=facet_types.MID.UNION, name="union")
        .add_arrow(import_1, table_side="top")
        .add_arrow(import_2, table_side="bottom")
        .arguments(option="full")
    )
    definition = union.facet(facet_type=facet_types.OUTPUT.EXPORTED).arguments(dataset_name="both", **CSV).build()
    log = app.flow.new("union").definition(definition).build().run()
    assert log.status == FlowStatus.SUCCESS, log.data
    both = app.datasets["both"].df()
    assert both["Qty"].tolist() == [166, 271, 421, 12, 1]
    assert both["Remark"].tolist()[-1] == "new"
    assert both["Remark"].isna().sum() == 4


def test_a_failing_facet_is_named(ikigai: Ikigai, app: App, dataset: Dataset) -> None:
    facet_types = ikigai.facet_types
    definition = (
        ikigai.builder.facet(facet_type=facet_types.INPUT.IMPORTED, name="sales")
        .arguments(dataset_id=dataset.dataset_id, **IMPORTED)
        .facet(facet_type=facet_types.MID.PYTHON, name="failing")
        .arguments(script="frame = data\nraise ValueError('as expected')\nresult = frame\n")
        .facet(facet_type=facet_types.OUTPUT.EXPORTED, name="output")
        .arguments(dataset_name="never", **CSV)
        .build()
    )
    log = app.flow.new("failing").definition(definition).build().run()
    assert log.status == FlowStatus.FAILED
    [failing] = [facet for facet in definition.facets if facet.facet_id == log.erroneous_facet_id]
    assert failing.name == "failing"
    assert "as expected" in log.data


def test_an_incomplete_flow_is_kept_fails_and_succeeds_once_completed(
    ikigai: Ikigai, app: App, dataset: Dataset
) -> None:
    lonely = (
        ikigai.builder.facet(facet_type=ikigai.facet_types.INPUT.IMPORTED, name="sales")
        .arguments(dataset_id=dataset.dataset_id, **IMPORTED)
        .build()
    )
    flow = app.flow.new("incomplete").definition(lonely).build()
    assert flow.run().status == FlowStatus.FAILED
    flow.update_definition(counting(ikigai, dataset.dataset_id, "counted"))
    assert flow.run().status == FlowStatus.SUCCESS


def test_a_run_variable_names_the_output(ikigai: Ikigai, app: App, dataset: Dataset) -> None:
    flow = app.flow.new("variable").definition(counting(ikigai, dataset.dataset_id, "usual")).build()
    assert flow.run(output="special", _ignored="x").status == FlowStatus.SUCCESS
    assert "special" in app.datasets()
    assert "usual" not in app.datasets()


def test_a_high_volume_output_is_downloaded_once_it_is_ready(ikigai: Ikigai, app: App, dataset: Dataset) -> None:
    definition = counting(ikigai, dataset.dataset_id, "counted")
    flow = app.flow.new("large").definition(definition).high_volume_preference(optimize=True).build()
    assert flow.describe()["high_volume_preference"] is True
    assert flow.run().status == FlowStatus.SUCCESS
    assert len(app.datasets["counted"].df()) == 2


def test_a_flow_is_cloned_described_moved_and_deleted(ikigai: Ikigai, app: App, dataset: Dataset) -> None:
    definition = counting(ikigai, dataset.dataset_id, "counted")
    flow = app.flow.new("original").definition(definition).build()
    folder = app.flow_directory.new(name="folder").build()
    clone = app.flow.new("clone").definition(flow).directory(folder).build()
    assert [found.name for found in folder.flows().values()] == ["clone"]
    assert clone.describe()["definition"] == flow.describe()["definition"]
    facets = clone.describe()["definition"]["facets"]
    assert [facet["facet_uid"] for facet in facets] == ["I_005", "M_003", "O_005"]
    flow.rename("renamed").move(folder)
    assert sorted(found.name for found in folder.flows().values()) == ["clone", "renamed"]
    assert [found.name for found in app.flows.search("renam").values()] == ["renamed"]
    flow.delete()
    assert "renamed" not in app.flows()


def test_a_flow_has_a_schedule(app: App) -> None:
    flow = app.flow.new("daily").schedule("0 0 * * *").build()
    assert flow.schedule is not None
    assert (flow.schedule.name, flow.schedule.cron, flow.schedule.end_time) == ("daily", "0 0 * * *", None)
    start = datetime.now().astimezone()
    hours = Schedule(name="hours", cron="0 */2 * * *", start_time=start, end_time=start + timedelta(days=7))
    flow.update_schedule(hours)
    kept = app.flows["daily"].schedule
    assert kept is not None
    assert (kept.cron, kept.start_time, kept.end_time) == (hours.cron, hours.start_time, hours.end_time)


# -- models ------------------------------------------------------------------------------------------------------------


def test_model_types_are_listed_and_explained(ikigai: Ikigai) -> None:
    assert ikigai.model_types.types[0] == "Ai Cast"
    assert "alpha: NUMBER" in ikigai.model_types.Linear.Lasso.help()


def test_a_model_is_made_listed_and_changed(ikigai: Ikigai, app: App) -> None:
    model = app.model.new("lasso").model_type(model_type=ikigai.model_types.Linear.Lasso).build()
    assert (model.model_type, model.sub_model_type) == ("Linear", "Lasso")
    assert [found.model_id for found in app.models().values()] == [model.model_id]
    assert model.describe()["directory"]["type"] == "MODEL"
    assert len(model.versions()) == 0
    folder = app.model_directory.new(name="folder").build()
    model.rename("renamed").move(folder).update_description("what for")
    assert app.models["renamed"].description == "what for"
    assert [found.name for found in folder.models().values()] == ["renamed"]
    model.delete()
    assert len(app.models()) == 0


def test_a_model_facet_trains_a_version_and_predicts(ikigai: Ikigai, app: App) -> None:
    sizes = pd.DataFrame({"size": range(20), "shade": ["light", "dark"] * 10, "price": [3 * n for n in range(20)]})
    dataset = app.dataset.new("sizes").df(sizes).build()
    facet_types, lasso = ikigai.facet_types, ikigai.model_types.Linear.Lasso
    model = app.model.new("prices").model_type(model_type=lasso).build()
    definition = (
        ikigai.builder.facet(facet_type=facet_types.INPUT.Imported)
        .arguments(dataset_id=dataset.dataset_id, **IMPORTED)
        .model_facet(facet_type=facet_types.MID.PREDICT, model_type=lasso)
        .arguments(model_name="prices", model_version="initial")
        .hyperparameters(alpha=0.1, fit_intercept=True)
        .parameters(target_column="price")
        .facet(facet_type=facet_types.OUTPUT.EXPORTED)
        .arguments(dataset_name="predicted", **CSV)
        .build()
    )
    log = app.flow.new("predict").definition(definition).build().run()
    assert log.status == FlowStatus.SUCCESS, log.data
    predicted = app.datasets["predicted"].df()
    assert (predicted["predicted_price"] - predicted["price"]).abs().max() < 1
    version = model.versions()["initial"]
    assert version.describe()["version_id"] == app.models["prices"].describe()["latest_version_id"]
    assert version.hyperparameters["alpha"] == 0.1
    assert version.metrics["performance"]["r2"]["average_test"] > 0.9
    importance = version.metrics["feature_importance"]["permutation"]
    assert importance["size"] > importance["shade"]
