"""What is wrong is said before anything is uploaded or created, with the nearest thing that would be right."""

from __future__ import annotations

import asyncio
import time
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from ikigai_core import App, AsyncIkigai, Ikigai, errors
from ikigai_core.local.account import LocalAccount

KEY = "a-key-that-nobody-may-see"


@pytest.fixture
def changes(ikigai_local: LocalAccount) -> Any:
    """Counts the requests so far that changed something."""

    def count() -> int:
        return sum(request.method != "GET" for request in ikigai_local.control.journal())

    return count


def test_a_wrong_key_is_one_clear_error(ikigai_local: LocalAccount) -> None:
    with pytest.raises(errors.AccessRefusedError) as caught:
        Ikigai("bob@example.com", KEY, ikigai_local.url).apps()
    assert ikigai_local.url in str(caught.value)
    assert "bob@example.com" in str(caught.value)
    assert KEY not in str(caught.value)

    async def ask() -> None:
        async with AsyncIkigai("bob@example.com", KEY, ikigai_local.url) as ikigai:
            await ikigai.apps()

    with pytest.raises(errors.AccessRefusedError, match=r"bob@example\.com"):
        asyncio.run(ask())


def test_a_platform_that_is_not_there_is_said_within_the_connect_timeout() -> None:
    began = time.monotonic()
    with pytest.raises(errors.ConnectionFailedError, match=r"Cannot reach http://127\.0\.0\.1:9 "):
        Ikigai("bob@example.com", KEY, "http://127.0.0.1:9", connect_timeout=1.0).apps()
    assert time.monotonic() - began < 2.0


def test_data_that_cannot_be_uploaded_is_refused_before_anything_is_sent(
    app: App, tmp_path: Path, changes: Any
) -> None:
    (tmp_path / "empty.csv").touch()
    before = changes()
    with pytest.raises(FileNotFoundError, match=r"nowhere\.csv"):
        app.dataset.new("d").csv(tmp_path / "nowhere.csv").build()
    with pytest.raises(errors.InvalidInputError, match=r"empty\.csv.*is empty"):
        app.dataset.new("d").csv(tmp_path / "empty.csv").ensure()
    with pytest.raises(errors.InvalidInputError, match="is no file"):
        app.dataset.new("d").csv(tmp_path).build()
    with pytest.raises(ValueError, match="The frame is empty: it has 0 rows and 1 columns"):
        app.dataset.new("d").df(pd.DataFrame({"a": []})).build()
    with pytest.raises(errors.InvalidInputError, match="list has no Arrow stream"):
        app.dataset.new("d").arrow([1, 2])
    (tmp_path / "text.parquet").write_text("no parquet")
    with pytest.raises(errors.InvalidInputError, match=r"text\.parquet' cannot be read as Parquet"):
        app.dataset.new("d").parquet(tmp_path / "text.parquet").build()
    with pytest.raises(errors.InvalidInputError, match="A list is no pandas DataFrame"):
        app.dataset.new("d").df([1, 2])  # type: ignore[arg-type]
    with pytest.raises(errors.InvalidInputError, match="A Series is no pandas DataFrame"):
        app.dataset.new("d").df(pd.Series([1]))  # type: ignore[arg-type]
    with pytest.raises(errors.InvalidInputError, match="None is no path"):
        app.dataset.new("d").csv(None)  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="Dataset 'd' is empty"):
        app.dataset.new("d").build()
    with pytest.raises(errors.InvalidInputError, match="no name"):
        app.dataset.df(pd.DataFrame({"a": [1]})).build()
    with pytest.raises(errors.InvalidInputError, match="no name"):
        app.flow.build()
    assert changes() == before
    assert len(app.datasets()) == 0


@pytest.mark.parametrize(
    ("target", "says"),
    [
        (".", "'.' is a directory: give the path of the CSV file"),
        ("", "'' is no path"),
        (None, "None is no path"),
        ("file/data.csv", "'file/data.csv' cannot be written: .*file' is no directory"),
        ("nul\0.csv", "is no path"),
    ],
)
def test_a_place_that_no_file_can_have_is_named_before_anything_is_downloaded(
    app: App, flights: pd.DataFrame, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, target: Any, says: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("file").touch()
    dataset = app.dataset.new("d").df(flights).build()
    with pytest.raises(errors.InvalidInputError, match=says):
        dataset.to_csv(target)
    with pytest.raises(errors.InvalidInputError, match=says.replace("CSV", "Parquet")):
        dataset.to_parquet(target)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


def test_what_is_no_table_is_refused_by_the_platform_and_leaves_no_dataset(app: App, tmp_path: Path) -> None:
    path = tmp_path / "picture.csv"
    path.write_bytes(b"\x89PNG\r\n\x1a\n\x00\x00" * 100)
    with pytest.raises(errors.UploadError, match="'picture'"):
        app.dataset.new("picture").csv(path).build()
    assert len(app.datasets()) == 0


def test_an_unknown_name_offers_the_nearest(ikigai_client: Ikigai, app: App, flights: pd.DataFrame) -> None:
    app.dataset.new("flights").df(flights).build()
    app.flow.new("Late flights").build()
    tries: list[tuple[Any, str, str]] = [
        (ikigai_client.apps, "Start Here (Tutorail)", "Start Here (Tutorial)"),
        (app.datasets, "flihgts", "flights"),
        (app.flows, "late flight", "Late flights"),
    ]
    for browser, wrong, right in tries:
        with pytest.raises(KeyError) as caught:
            browser[wrong]
        assert isinstance(caught.value, RuntimeError)
        assert f"{wrong!r}" in str(caught.value)
        assert str(caught.value).endswith(f"Did you mean {right!r}?")


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"flights": {"dataset": "flihgts"}}, "there is no dataset 'flihgts' in app 'App .*Did you mean 'flights'"),
        ({"late": {"type": "MID.Fliter"}}, "'Fliter' does not exist. Did you mean 'FILTER'"),
        ({"late": {"arguments": {"colum_name": "delay"}}}, "Did you mean 'column_name'"),
        ({"late": {"after": "flight"}}, "Did you mean 'flights'"),
        ({"late": {"arguments": {"column_name": "delay"}}}, "Filter facet 'late' needs the argument 'condition'"),
    ],
)
def test_a_definition_with_a_fault_creates_nothing(
    app: App, flights: pd.DataFrame, document: dict[str, Any], changes: Any, change: dict[str, Any], says: str
) -> None:
    app.dataset.new("flights").df(flights).build()
    for name, what in change.items():
        document["facets"][name].update(what)
    before = changes()
    with pytest.raises(errors.InvalidDefinitionError, match=says):
        app.flow.new("Late flights").definition(document).ensure()
    assert changes() == before
    assert len(app.flows()) == 0


WRONG_TYPES: list[tuple[str, Any]] = [
    ("app's name was of type int", lambda app, ikigai: ikigai.app.new(7).build()),
    ("app's name was of type NoneType", lambda app, ikigai: app.rename(None)),
    ("description was of type NoneType", lambda app, ikigai: app.update_description(None)),
    ("directory was of type str", lambda app, ikigai: app.move("[INPUT]")),
    ("directory was of type str", lambda app, ikigai: app.flow.new("f").directory("[INPUT]").build()),
    ("model type was of type str", lambda app, ikigai: app.model.new("m").model_type("Linear.Lasso")),
    ("user's name was of type NoneType", lambda app, ikigai: app.access.grant(None, "VIEWER")),
    ("query was of type int", lambda app, ikigai: app.flows.search(7)),
    ("Definition was of type int", lambda app, ikigai: app.flow.new("f").definition(7)),
    ("Schedule was of type int", lambda app, ikigai: app.flow.new("f").schedule(7)),
    ("facet type was of type str", lambda app, ikigai: ikigai.builder.facet("MID.Count")),
    ("version must be what", lambda app, ikigai: ikigai.builder.custom_facet("Older")),
    ("args was of type list", lambda app, ikigai: ikigai.builder.facet(ikigai.facet_types.MID.Count, args=["a"])),
    (
        "come after was of type str",
        lambda app, ikigai: ikigai.builder.facet(ikigai.facet_types.MID.Count).add_arrow("a"),
    ),
    ("script was of type bytes", lambda app, ikigai: ikigai.custom_facet.script(b"result = data")),
    ("facet type was of type str", lambda app, ikigai: ikigai.custom_facet.new("c", "MID")),
    ("run was of type str", lambda app, ikigai: ikigai.flow_run("a run")),
]


def test_what_is_of_a_wrong_type_is_named_before_anything_is_sent(
    app: App, ikigai_client: Ikigai, changes: Any
) -> None:
    before = changes()
    for says, wrong in WRONG_TYPES:
        with pytest.raises(TypeError, match=says) as caught:
            wrong(app, ikigai_client)
        assert isinstance(caught.value, errors.IkigaiError)
    assert changes() == before


def test_a_listing_names_what_it_has(app: App, flights: pd.DataFrame) -> None:
    dataset = app.dataset.new("flights").df(flights).build()
    listing = app.datasets()
    assert listing.get_id(dataset.dataset_id) == dataset
    for wrong in ("flihgts", None, 7):
        with pytest.raises(errors.UnknownNameError, match="'flights'"):
            listing[wrong]
    with pytest.raises(KeyError, match=dataset.dataset_id):
        listing.get_id("3")
