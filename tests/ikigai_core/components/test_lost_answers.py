"""What was created although nobody said so is found by its name, and never created a second time."""

from __future__ import annotations

import asyncio
from typing import Any

import pandas as pd
import pytest
from tenacity import wait_none

from ikigai_core import App, AppAccessLevel, AsyncIkigai, Ikigai, errors
from ikigai_core.catalog import creating
from ikigai_core.local.account import LocalAccount
from ikigai_core.transport import retry

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
    assert [
        len(ikigai_local.control.journal(operation, user=ikigai_local.user_email)) for operation in CREATES[1:]
    ] == [1, 1, 1]
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


def test_a_dataset_that_was_created_unheard_is_found_again_and_filled_and_a_namesake_left_alone(
    app: App, ikigai_local: LocalAccount
) -> None:
    namesake = app.dataset.new("numbers").df(pd.DataFrame({"n": [7]})).build()
    ikigai_local.control.fault("create-dataset", cut=True, when="after")
    built = app.dataset.new("numbers").df(pd.DataFrame({"n": [1, 2]})).build()
    assert built.dataset_id != namesake.dataset_id
    assert (built.df()["n"].tolist(), namesake.df()["n"].tolist()) == ([1, 2], [7])
    assert len(ikigai_local.control.journal("create-dataset")) == 2
    assert len(app.datasets()) == 2


def test_a_dataset_of_which_nobody_can_tell_is_an_error_and_no_namesake_is_touched(
    app: App, ikigai_local: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(creating, "LOOK_FOR", 0.5)
    namesake = app.dataset.new("numbers").df(pd.DataFrame({"n": [7]})).build()
    ikigai_local.control.fault("create-dataset", cut=True)
    with pytest.raises(errors.AnswerLostError):
        app.dataset.new("numbers").df(pd.DataFrame({"n": [1, 2]})).build()
    assert list(app.datasets().values()) == [namesake]
    assert namesake.df()["n"].tolist() == [7]


@pytest.mark.parametrize("times", [1, 20], ids=["once", "always"])
@pytest.mark.parametrize("again", [200, 400], ids=["taken twice", "refused the second time"])
def test_an_upload_goes_on_if_the_start_of_its_check_is_not_answered(
    again: int, times: int, app: App, ikigai_local: LocalAccount, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retry, "wait_random_exponential", lambda **_: wait_none())
    ikigai_local.control.fault("verify-dataset-upload", cut=True, when="after", times=times)
    if again == 400:
        ikigai_local.control.fault("verify-dataset-upload", status=400, body={"message": "begun"}, times=20)
    built = app.dataset.new("numbers").df(pd.DataFrame({"n": [1, 2]})).build()
    assert built.df()["n"].tolist() == [1, 2]


def test_data_whose_check_never_began_are_an_error(app: App, ikigai_local: LocalAccount) -> None:
    ikigai_local.control.fault("verify-dataset-upload", cut=True)
    ikigai_local.control.fault("verify-dataset-upload", status=400, body={"message": "no"})
    with pytest.raises(errors.ConflictError, match="not being checked"):
        app.dataset.new("numbers").df(pd.DataFrame({"n": [1, 2]})).build()
    assert len(app.datasets()) == 0


def test_what_was_taken_away_unheard_has_been_taken_away(ikigai_client: Ikigai, ikigai_local: LocalAccount) -> None:
    app = ikigai_client.app.new("Short-lived").build()
    dataset = app.dataset.new("numbers").df(pd.DataFrame({"n": [1]})).build()
    flow = app.flow.new("Flow").definition({"facets": {}}).build()
    facet_type = ikigai_client.facet_types.MID.CUSTOM_FACET
    facet = ikigai_client.custom_facet.new("Facet", facet_type=facet_type).script("result = data").build()
    ikigai_local.control.add_user("ann@example.com")
    app.access.grant("ann@example.com", AppAccessLevel.VIEWER)
    operations = ("delete-dataset", "delete-pipeline", "unshare-project", "delete-custom-facet", "delete-project")
    faults = [
        ikigai_local.control.fault(operation, when="after", **LOST[number % len(LOST)])
        for number, operation in enumerate(operations)
    ]
    dataset.delete()
    flow.delete()
    app.access.revoke("ann@example.com")
    facet.delete()
    app.delete()
    assert [fault.hits for fault in faults] == [1] * len(operations)
    assert "Short-lived" not in ikigai_client.apps()
    with pytest.raises(errors.NotFoundError):
        dataset.delete()
