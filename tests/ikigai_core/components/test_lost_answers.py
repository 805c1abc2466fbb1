"""What was created although nobody said so is found by its name, and never created a second time."""

from __future__ import annotations

import asyncio
from typing import Any

import pandas as pd
import pytest

from ikigai_core import App, AsyncIkigai, Ikigai, errors
from ikigai_core.catalog import creating
from ikigai_core.local.account import LocalAccount

LOST: list[dict[str, Any]] = [{"cut": True}, {"status": 502, "body": "<html>Bad gateway</html>"}, {"truncate": True}]
CREATES = ("create-project", "create-dataset", "create-pipeline", "create-model")


@pytest.mark.usefixtures("soon_settled")
@pytest.mark.parametrize("face", ["sync", "async"])
def test_ensuring_goes_on_with_what_was_created(
    face: str, app: App, ikigai_client: Ikigai, async_ikigai_client: AsyncIkigai, ikigai_local: LocalAccount
) -> None:
    frame = pd.DataFrame({"n": [1, 2]})
    model_type = ikigai_client.model_types.Linear.Lasso
    faults = [
        ikigai_local.control.fault(operation, when="after", **LOST[number % len(LOST)])
        for number, operation in enumerate(CREATES)
    ]

    def ensured(ikigai: Any, home: Any) -> list[Any]:
        """What is ensured; awaitables on the async face."""
        return [
            ikigai.app.new(f"Lost {face}").ensure(),
            home.dataset.new("numbers").df(frame).ensure(),
            home.flow.new("Flow").definition({"facets": {}}).ensure(),
            home.model.new("Model").model_type(model_type).ensure(),
        ]

    async def awaited() -> list[Any]:
        return await asyncio.gather(*ensured(async_ikigai_client, await async_ikigai_client.apps[app.name]))

    made = ensured(ikigai_client, app) if face == "sync" else asyncio.run(awaited())
    assert [component.changes for component in made] == [("created",)] * len(CREATES)
    assert [fault.hits for fault in faults] == [1] * len(CREATES)
    assert [len(ikigai_local.control.journal(operation)) for operation in CREATES[1:]] == [1, 1, 1]
    assert [len(found) for found in (app.datasets(), app.flows(), app.models())] == [1, 1, 1]
    assert app.datasets["numbers"].df()["n"].tolist() == [1, 2]


def test_what_nobody_can_tell_is_an_error(
    app: App, ikigai_local: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(creating, "LOOK_FOR", 0.5)
    flow = app.flow.new("Flow").definition({"facets": {}})
    ikigai_local.control.fault("create-pipeline", cut=True)
    with pytest.raises(errors.AnswerLostError):
        flow.ensure()
    ikigai_local.control.fault("create-pipeline", cut=True, when="after")
    with pytest.raises(errors.AnswerLostError):
        flow.build()
    assert len(ikigai_local.control.journal("create-pipeline")) == 2
    assert len(app.flows()) == 1
