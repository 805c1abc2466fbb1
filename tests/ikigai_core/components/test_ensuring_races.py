"""Processes that ensure one component at the same moment end with one, and all of them with that one."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from ikigai_core import App, Ikigai
from ikigai_core.local.process import LocalPlatform
from tests.ikigai_core.helper_processes import Helpers

PROCESSES = 6
Race = Callable[[str, str, float], list[dict[str, str]]]


@pytest.fixture(scope="module")
def platform() -> Iterator[LocalPlatform]:
    with LocalPlatform.start() as platform:
        yield platform


@pytest.fixture(scope="module")
def client(platform: LocalPlatform) -> Iterator[Ikigai]:
    with Ikigai(platform.user_email, platform.api_key, platform.url) as ikigai:
        yield ikigai


@pytest.fixture(scope="module")
def home(client: Ikigai) -> App:
    return client.app.new("Home").build()


@pytest.fixture(scope="module")
def race(
    platform: LocalPlatform, home: App, helpers: Helpers, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Race]:
    """Lets all processes do a job under a name, within some seconds; returns what each of them got."""
    folder = tmp_path_factory.mktemp("data")
    numbers = folder / "numbers.csv"
    numbers.write_text("n\n1\n2\n3\n")
    arguments = [platform.url, platform.user_email, platform.api_key, home.name, str(numbers)]

    def let_all(job: str, name: str, spread: float) -> list[dict[str, str]]:
        for process in processes:
            process.tell(json.dumps([job, name, spread]))
        return [json.loads(process.says()) for process in processes]

    with ExitStack() as stack:
        processes = [
            stack.enter_context(helpers.running("ensurer", [*arguments, str(number)], folder))
            for number in range(PROCESSES)
        ]
        assert {process.says() for process in processes} == {"ready"}
        yield let_all


def assert_one_is_left(race: Race, client: Ikigai, home: App, name: str, spread: float) -> None:
    got = race("beside", name, spread)
    assert all(each == got[0] for each in got), got
    left: dict[str, list[Any]] = {
        "dataset": [each.dataset_id for each in home.datasets().values() if each.name == name],
        "flow": [each.flow_id for each in home.flows().values() if each.name == name],
        "model": [each.model_id for each in home.models().values() if each.name == name],
        "app": [each.app_id for each in client.apps().values() if each.name == name],
    }
    assert left == {kind: [component_id] for kind, component_id in got[0].items()}
    assert home.datasets[name].df()["n"].tolist() == [1, 2, 3]


def test_one_of_each_kind_is_left_and_everybody_has_it(
    platform: LocalPlatform, race: Race, client: Ikigai, home: App
) -> None:
    assert_one_is_left(race, client, home, "At once", 0)
    assert_one_is_left(race, client, home, "Within a while", 0.1)
    assert len(platform.control.journal("create-pipeline")) > 2, "nobody raced"
    assert len(platform.control.journal("complete-dataset-multipart-upload")) <= 2 * PROCESSES


def test_what_refers_to_another_component_refers_to_the_one_that_is_left(race: Race, client: Ikigai) -> None:
    got = race("one in another", "Shared", 0.05)
    assert all(each == got[0] for each in got), got
    app = client.apps["Shared"]
    assert [each.app_id for each in client.apps().values() if each.name == "Shared"] == [got[0]["app"]]
    assert (len(app.datasets()), len(app.flows())) == (1, 1)
    assert app.flows["Shared"].definition().facets[0].arguments["dataset_id"] == got[0]["dataset"]
    assert app.flows["Shared"].run().status == "SUCCESS"


@pytest.mark.soak
def test_one_is_always_left(race: Race, client: Ikigai, home: App) -> None:
    for number in range(100):
        assert_one_is_left(race, client, home, f"Round {number}", number % 10 / 20)
