"""Who else may use an app: given, changed and taken away with the client."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pandas as pd
import pytest

from ikigai_core import AppAccessLevel, AsyncIkigai, Ikigai, errors
from ikigai_core.local.process import LocalPlatform

ANN = "ann@example.com"


@pytest.fixture
def owner(team: LocalPlatform) -> Ikigai:
    return Ikigai(user_email=team.user_email, api_key=team.api_key, base_url=team.url)


def test_an_app_is_shared_on_a_level_and_taken_back(owner: Ikigai, member: Callable[[str], Ikigai]) -> None:
    app, ann = owner.app.new("For ann").build(), member(ANN)
    with pytest.raises(errors.NotFoundError):
        ann.apps["For ann"]
    app.access.grant(ANN, AppAccessLevel.VIEWER)
    theirs = ann.apps["For ann"]
    with pytest.raises(errors.PermissionDeniedError, match="shared with you as VIEWER, and this needs BUILDER"):
        theirs.dataset.new("people").df(pd.DataFrame({"name": ["Zoë"]})).build()
    app.access.update(ANN, AppAccessLevel.BUILDER)
    people = theirs.dataset.new("people").df(pd.DataFrame({"name": ["Zoë"]})).build()
    assert app.datasets["people"].dataset_id == people.dataset_id
    app.access.revoke(ANN)
    assert "For ann" not in ann.apps()
    with pytest.raises(errors.NotFoundError):
        theirs.describe()
    app.delete()


def test_there_must_be_such_a_level(owner: Ikigai) -> None:
    app = owner.app.new("Levels").build()
    with pytest.raises(errors.InvalidInputError, match="no access level 'KING': choose one of"):
        app.access.grant(ANN, "KING")  # type: ignore[arg-type]
    with pytest.raises(errors.NotFoundError, match="A user of this app was not found: 'ann@example.com'"):
        app.access.update(ANN, AppAccessLevel.VIEWER)
    app.delete()


def test_the_asynchronous_client_shares_too(team: LocalPlatform, member: Callable[[str], Ikigai]) -> None:
    async def share() -> None:
        async with AsyncIkigai(user_email=team.user_email, api_key=team.api_key, base_url=team.url) as ikigai:
            app = await ikigai.app.new("Async").build()
            await app.access.grant(ANN, AppAccessLevel.BUILDER)
            assert "Async" in member(ANN).apps()
            await app.access.revoke(ANN)
            assert "Async" not in member(ANN).apps()
            await app.delete()

    asyncio.run(share())
