"""Names that mean something in paths, URLs, lines and SQL: what is created can be fetched, the rest is refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

AWKWARD = {
    "line break": "one\ntwo\r\nthree",
    "slashes": "a/b//c",
    "only dots": "..",
    "dots and slashes": "../../up",
    "backslash": "a\\b",
    "NUL": "a\0b",
    "escapes": "%2F%00?x=1#y&name=z",
    "quotes": 'it\'s "one"; --',
    "other scripts": "naïve 東京 \u202e🎈",
    "longest": "x" * 1024,
    "longest in UTF-8": "🎈" * 1024,
}


@pytest.mark.parametrize("name", AWKWARD.values(), ids=AWKWARD)
def test_what_can_be_created_can_be_fetched(api: Any, app_id: str, definition: Callable[..., Any], name: str) -> None:
    dataset_id = api.dataset(app_id, name)
    flow_id = api.flow(app_id, definition(dataset_id, output=f"{name[:-1]}!"), name)
    assert api.run(app_id, flow_id)["status"] == "SUCCESS"

    assert api.named(app_id, name)["dataset_id"] == dataset_id
    assert api.download(app_id, dataset_id) == api.download(app_id, api.named(app_id, f"{name[:-1]}!")["dataset_id"])
    assert api.ask("get-pipeline", project_id=app_id, name=name)["pipeline"]["pipeline_id"] == flow_id
    app = api.app(name)
    assert api.ask("get-project", name=name)["project"]["project_id"] == app
    api.tell("delete-project", {"project": {"project_id": app}})


@pytest.mark.parametrize("name", ["", " ", "\n", "x" * 1025, "x" * 10_000])
def test_a_name_that_cannot_be_kept_is_refused(api: Any, app_id: str, name: str) -> None:
    answer = api.post("/component/create-dataset", {"dataset": {"project_id": app_id, "name": name, "directory": {}}})

    assert answer.status_code == 400
    assert "name" in answer.json()["message"]


def test_an_output_whose_name_no_dataset_can_have_fails_the_run(
    api: Any, app_id: str, definition: Callable[..., Any]
) -> None:
    flow_id = api.flow(app_id, definition(api.dataset(app_id), output="x" * 10_000))

    ended = api.run(app_id, flow_id)

    assert ended["status"] == "FAILED"
    assert "must not be longer than 1024 characters" in ended["message"]
