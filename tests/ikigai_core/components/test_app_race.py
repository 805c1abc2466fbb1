"""Several who ensure one app at the same moment end with one app, whoever was first."""

from __future__ import annotations

from typing import Any

import pytest

from ikigai_core import App, Ikigai
from ikigai_core.api.call import Call
from ikigai_core.components.app_builder import SETTLING
from ikigai_core.procedure import Pause


def record(app_id: str, created_at: str) -> dict[str, Any]:
    times = {"created_at": created_at, "modified_at": created_at, "last_used_at": created_at}
    return {"project_id": app_id, "name": "Shared", "owner": "bob@example.com", "directory": {}, **times}


def ensured(others: list[dict[str, Any]]) -> tuple[App, list[str], float]:
    """The app that an ensure ends with where others appear beside its own, what it deleted, and how long it paused."""
    own = record("own", "100")
    deleted: list[str] = []
    paused = 0.0
    seen: list[dict[str, Any]] = []
    client = Ikigai("bob@example.com", "key", "http://127.0.0.1:9")
    procedure = type(client.app).ensure.text(client.app.new("Shared"))
    answer: Any = None
    try:
        while True:
            step = procedure.send(answer)
            match step:
                case Pause(seconds):
                    paused += seconds
                    answer = paused
                case Call(path="/search/search-projects-for-user"):
                    answer = step.read({"projects": seen, "limit_warning": ""})
                case Call(path="/component/create-project"):
                    seen = [*others, own]
                    answer = step.read({"project_id": "own"})
                case Call(path="/component/get-project"):
                    answer = step.read({"project": own})
                case Call(path="/component/delete-project", body={"project": {"project_id": app_id}}):
                    deleted.append(app_id)
                    answer = step.read({"project_id": app_id})
                case _:
                    raise AssertionError(f"unexpected {step}")
    except StopIteration as end:
        return end.value, deleted, paused


@pytest.mark.parametrize(
    ("others", "winner", "deleted"),
    [
        ([], "own", []),
        ([record("later", "101")], "own", []),
        ([record("earlier", "99")], "earlier", ["own"]),
        ([record("same second", "100")], "own", []),
        ([record("a second alike", "100")], "a second alike", ["own"]),
    ],
    ids=["alone", "first", "second", "first by id", "second by id"],
)
def test_the_first_app_stays_and_ones_own_goes(others: Any, winner: str, deleted: list[str]) -> None:
    app, gone, paused = ensured(others)
    assert (app.app_id, gone) == (winner, deleted)
    assert paused == SETTLING, "before it looks, so that the others are seen"
