"""The client's main jobs, on the local platform and on one that takes every freedom of the API the other way."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ikigai_core import App, AppAccessLevel, AsyncIkigai, FlowStatus, Ikigai, errors
from ikigai_core.local.account import LocalAccount

from .another_platform.server import AnotherPlatform

OWNER, ANN = "owner@example.com", "ann@example.com"
TABLE = {"file_type": "csv", "header": True}
IMPORTED = {**TABLE, "use_raw_file": False}
LATE = ["UA 1", 'the "red" eye', "Zürich, by night"]


@dataclass(frozen=True)
class Place:
    """A platform with two users."""

    url: str
    users: dict[str, str]
    lose: Callable[[str], Any]

    def client(self, user: str) -> Ikigai:
        return Ikigai(user, self.users[user], self.url)


@pytest.fixture(scope="module")
def another() -> Iterator[AnotherPlatform]:
    platform = AnotherPlatform(OWNER, ANN)
    yield platform
    platform.close()


@pytest.fixture(params=["local", "another"])
def place(request: pytest.FixtureRequest) -> Place:
    if request.param == "another":
        another: AnotherPlatform = request.getfixturevalue("another")
        return Place(another.url, another.users, another.lose)
    local: LocalAccount = request.getfixturevalue("ikigai_local")
    ann = f"ann-{uuid.uuid4().hex[:8]}@example.com"
    users = {local.user_email: local.api_key, ann: local.control.add_user(ann)}
    return Place(local.url, users, lambda operation: local.control.fault(operation, cut=True, when="after"))


@pytest.fixture
def owner(place: Place) -> Iterator[Ikigai]:
    with place.client(next(iter(place.users))) as ikigai:
        yield ikigai


@pytest.fixture
def app(owner: Ikigai) -> App:
    return owner.app.new(f"App {uuid.uuid4().hex[:8]}").build()


@pytest.fixture
def document() -> dict[str, Any]:
    """Keeps the flights that were late."""
    return {
        "facets": {
            "flights": {"type": "INPUT.Imported", "dataset": "flights", "arguments": IMPORTED},
            "late": {
                "type": "MID.Python",
                "after": "flights",
                "arguments": {"script": "result = data[data['delay'] > 60]"},
            },
            "output": {
                "type": "OUTPUT.Exported",
                "after": "late",
                "arguments": {"dataset_name": "late", **TABLE},
                "variables": {"output": "dataset_name"},
            },
        }
    }


def test_the_main_job(app: App, flights: pd.DataFrame, document: dict[str, Any], tmp_path: Path) -> None:
    assert app.dataset.new("flights").df(flights).build().changes == ("created",)
    flow = app.flow.new("Late flights").definition(document).build()
    seen: list[str] = []
    log = flow.start().result(timeout=60, on_update=lambda report: seen.append(report.status.value))
    assert (log.status, log.erroneous_facet_id, log.data) == (FlowStatus.SUCCESS, None, "")
    assert seen[-1] == "IDLE"
    assert flow.run_logs() == [log]
    late = app.datasets["late"]
    assert late.df()["flight"].tolist() == LATE
    assert late.to_csv(tmp_path / "late.csv").read_text().startswith("flight,delay,carrier\n")
    assert flow.start(output="late now").result(timeout=60).log_id != log.log_id
    assert app.datasets["late now"].df()["flight"].tolist() == LATE


def test_the_main_job_is_the_same_when_awaited(
    place: Place, flights: pd.DataFrame, document: dict[str, Any], app: App
) -> None:
    async def job() -> None:
        user, key = next(iter(place.users.items()))
        async with AsyncIkigai(user, key, place.url) as ikigai:
            same = await ikigai.apps[app.name]
            await same.dataset.new("flights").df(flights).build()
            flow = await same.flow.new("Late flights").definition(document).build()
            kept: list[str] = []
            run = await flow.launch({}, isolation="copy", keep=lambda run: kept.append(run["phase"]))
            log = await run.result(timeout=60)
            assert log.status is FlowStatus.SUCCESS
            assert kept[0] == "prepared" and kept[-1] == "ended"
            assert (await (await same.datasets["late"]).df())["flight"].tolist() == LATE
            assert list(await same.flows()) == ["Late flights"]
            assert (await ikigai.facet_types).MID.COUNT.facet_uid == "M_003"

    asyncio.run(job())


@pytest.mark.usefixtures("soon_settled")
def test_doing_it_again_changes_nothing_and_says_so(app: App, flights: pd.DataFrame, document: dict[str, Any]) -> None:
    for changes in (("created",), ()):
        assert app.dataset.new("flights").df(flights).ensure().changes == changes
        assert app.flow.new("Late flights").definition(document).ensure().changes == changes
    flights.loc[0, "delay"] = 6
    document["facets"]["late"]["arguments"]["script"] = "result = data"
    assert app.dataset.new("flights").df(flights).ensure().changes == ("data",)
    assert app.flow.new("Late flights").definition(document).ensure().changes == ("definition",)
    assert app.datasets["flights"].df()["delay"].tolist()[0] == 6


def test_a_failed_run_names_the_facet_and_an_unknown_variable_is_an_error(
    app: App, flights: pd.DataFrame, document: dict[str, Any]
) -> None:
    app.dataset.new("flights").df(flights).build()
    document["facets"]["late"]["arguments"]["script"] = "raise ValueError('no such luck')"
    flow = app.flow.new("Broken").definition(document).build()
    with pytest.raises(errors.RunFailedError, match="'Broken' ended FAILED at facet 'late'.*no such luck"):
        flow.start().result(timeout=60)
    with pytest.raises((errors.BadRequestError, errors.RunFailedError, errors.InvalidInputError), match="threshold"):
        flow.start(threshold="1").result(timeout=60)


def test_datasets_are_listed_in_full_replaced_renamed_moved_and_deleted(app: App, flights: pd.DataFrame) -> None:
    names = ["a first", "b second", "c third", "d fourth"]
    made = {name: app.dataset.new(name).df(flights).build() for name in names}
    assert set(app.datasets()) == set(names)
    assert list(app.datasets.search("third")) == ["c third"]
    first = made["a first"]
    assert set(first.data_types) == set(flights.columns)
    first.edit_data(flights[["delay"]])
    assert first.df()["delay"].tolist() == flights["delay"].tolist()
    assert [(log.status, log.job_type) for log in first.logs(5)] == 2 * [("SUCCESS", "UPLOAD_DATASET")]
    directory = app.dataset_directory.new("[INPUT]").build()
    first.rename("departures").move(directory)
    assert app.datasets["departures"].describe()["directory"]["directory_id"] == directory.directory_id
    assert set(directory.datasets()) == {"departures"}
    first.delete()
    with pytest.raises(errors.NotFoundError, match="There is no dataset 'departures'"):
        app.datasets["departures"]


def test_tables_are_joined_and_counted(owner: Ikigai, app: App) -> None:
    ids = [app.dataset.new(name).df(pd.DataFrame({"c": list(name)})).build().dataset_id for name in ("aab", "ab")]
    types = owner.facet_types
    builder = owner.builder
    first, second = (
        builder.facet(types.INPUT.Imported).arguments(dataset_id=dataset_id, **IMPORTED) for dataset_id in ids
    )
    union = builder.facet(types.MID.Union, name="both").arguments(option="full")
    union.add_arrow(first, table_side="top").add_arrow(second, table_side="bottom")
    counted = union.facet(types.MID.Count).arguments(output_column_name="n", sort=True, target_columns=["c"])
    definition = counted.facet(types.OUTPUT.Exported).arguments(dataset_name="counted", **TABLE).build()
    app.flow.new("Count").definition(definition).build().start().result(timeout=60)
    assert dict(app.datasets["counted"].df()[["c", "n"]].to_numpy().tolist()) == {"a": 3, "b": 2}


def test_flows_are_changed_found_described_and_deleted(app: App, document: dict[str, Any]) -> None:
    flow = app.flow.new("First").schedule({"name": "nightly", "start_time": "1715274391", "cron": "0 5 * * *"}).build()
    assert flow.rename("Second").describe()["name"] == "Second"
    assert app.flows.find(flow.flow_id) == app.flows["Second"]
    assert app.flow_definitions()[flow.flow_id]["facets"] == []
    assert flow.status().status is FlowStatus.IDLE
    flow.delete()
    assert len(app.flows()) == 0


def test_models_are_trained_found_and_described(owner: Ikigai, app: App) -> None:
    frame = pd.DataFrame({"distance": range(100, 400, 10), "delay": range(10, 40)})
    dataset = app.dataset.new("flights").df(frame).build()
    model = app.model.new("Delays").model_type(owner.model_types.Linear.Lasso).description("first").build()
    types = owner.facet_types
    imported = owner.builder.facet(types.INPUT.Imported).arguments(dataset_id=dataset, **IMPORTED)
    learn = imported.model_facet(types.MID.PREDICT, owner.model_types.Linear.Lasso, name="predict")
    learn.arguments(model_name="Delays", model_version="initial").hyperparameters(alpha=0.1)
    learn.parameters(target_column="delay")
    definition = learn.facet(types.OUTPUT.Exported).arguments(dataset_name="told", **TABLE).build()
    app.flow.new("Learn").definition(definition).build().start().result(timeout=60)
    trained = model.versions()["initial"]
    assert trained.hyperparameters["alpha"] == 0.1
    assert model.describe()["latest_version_id"] == trained.version_id
    assert "predicted_delay" in app.datasets["told"].df()
    assert model.update_description("second").rename("Late").description == "second"
    assert app.models["Late"].sub_model_type == "Lasso"
    model.delete()
    assert len(app.models()) == 0


def test_an_app_is_shared_on_a_level_and_taken_back(place: Place, app: App, flights: pd.DataFrame) -> None:
    other = list(place.users)[1]
    with place.client(other) as ann:
        with pytest.raises(errors.NotFoundError):
            ann.apps[app.name]
        app.access.grant(other, AppAccessLevel.VIEWER)
        theirs = ann.apps[app.name]
        with pytest.raises(errors.PermissionDeniedError):
            theirs.dataset.new("flights").df(flights).build()
        app.access.update(other, AppAccessLevel.BUILDER)
        theirs.dataset.new("flights").df(flights).build()
        app.access.revoke(other)
        assert app.name not in ann.apps()
    with pytest.raises((errors.NotFoundError, errors.BadRequestError)):
        app.access.revoke(other)


def test_lost_answers_do_no_harm(place: Place, app: App, flights: pd.DataFrame, document: dict[str, Any]) -> None:
    other = list(place.users)[1]
    for operation in ("create-dataset", "complete-dataset-multipart-upload", "verify-dataset-upload"):
        place.lose(operation)
    dataset = app.dataset.new("flights").df(flights).build()
    assert dataset.df(dtype={"flight": str}).equals(flights)
    app.access.grant(other, AppAccessLevel.VIEWER)
    flow = app.flow.new("Late flights").definition(document).build()
    for operation in ("delete-dataset", "delete-pipeline", "unshare-project", "delete-project"):
        place.lose(operation)
    app.access.revoke(other)
    dataset.delete()
    flow.delete()
    assert len(app.datasets()) == len(app.flows()) == 0
    app.delete()
