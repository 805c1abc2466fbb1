"""A listing is complete, also where the platform cuts its lists short; where it cannot be, a warning says so."""

from __future__ import annotations

import asyncio
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from ikigai_core import App, AsyncIkigai, Ikigai
from ikigai_core.catalog import listing
from ikigai_core.local.process import LocalPlatform

LIMIT = 4


@pytest.fixture(scope="module")
def platform() -> Iterator[LocalPlatform]:
    """A platform whose lists are short."""
    with LocalPlatform.start(list_limit=LIMIT) as platform:
        yield platform


@pytest.fixture
def short(platform: LocalPlatform) -> Iterator[App]:
    with Ikigai(platform.user_email, platform.api_key, platform.url) as ikigai, warnings.catch_warnings():
        warnings.simplefilter("error")
        app = ikigai.app.new("Many").build()
        yield app
        app.delete()


def make(app: App, names: list[str], directories: list[Any]) -> set[str]:
    for number, name in enumerate(names):
        builder = app.flow.new(name)
        place = directories[number % len(directories)] if directories else None
        (builder.directory(place) if place else builder).build()
    return set(names)


def test_what_is_spread_over_directories_is_listed_whole(platform: LocalPlatform, short: App) -> None:
    top = short.flow_directory.new("top").build()
    below = short.flow_directory.new("below").parent(top).build()
    names = make(short, [f"flow {n}" for n in range(3 * LIMIT)], [None, top, below])
    assert set(short.flows()) == names
    assert set(short.flows.search("FLOW")) == names

    async def same() -> set[str]:
        async with AsyncIkigai(platform.user_email, platform.api_key, platform.url) as ikigai:
            return set(await (await ikigai.apps["Many"]).flows())

    assert asyncio.run(same()) == names


def test_what_is_in_one_place_is_found_by_search(short: App) -> None:
    sales = ["sales 2023", "sales 2024", "Sales 2025"]
    others = ["x", "xx", "Überschuss", "東京", *(f"report {n:02}" for n in range(12))]
    names = make(short, [*sales, *others], [])
    assert set(short.flows()) == names
    assert set(short.flows.search("sales")) == set(sales)


def test_a_name_that_no_short_list_shows_is_not_created_twice(short: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST_REQUESTS", 2)
    make(short, [f"flow {n}" for n in range(2 * LIMIT)] + ["flow"], [])
    assert short.flow.new("flow").ensure().changes == ()


def test_what_cannot_be_completed_is_said(short: App, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "MOST_REQUESTS", 2)
    make(short, [f"flow {n}" for n in range(3 * LIMIT)], [])
    with pytest.warns(UserWarning, match=rf"list of flows is not complete.*Only {LIMIT} of {3 * LIMIT}"):
        assert LIMIT <= len(short.flows()) < 3 * LIMIT


def test_datasets_models_and_apps_are_listed_whole(platform: LocalPlatform, short: App) -> None:
    with Ikigai(platform.user_email, platform.api_key, platform.url) as ikigai:
        place = short.model_directory.new("models").build()
        models = make_models(short, place)
        assert set(short.models()) == models
        directory = ikigai.app_directory.new("apps").build()
        apps = [
            ikigai.app.new(f"app {n}").directory(directory if n % 2 else None).build() for n in range(2 * LIMIT - 2)
        ]
        try:
            assert {app.name for app in apps} < set(ikigai.apps())
        finally:
            for app in apps:
                app.delete()


def make_models(app: App, place: Any) -> set[str]:
    names = [f"model {n}" for n in range(2 * LIMIT)]
    for number, name in enumerate(names):
        builder = app.model.new(name).model_type(app._client.model_types.Linear.Lasso)
        (builder.directory(place) if number % 2 else builder).build()
    return set(names)
