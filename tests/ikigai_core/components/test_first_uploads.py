"""What becomes of a dataset whose first upload fails, where others may have found it by its name."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pandas as pd
import pytest

from ikigai_core import App, AsyncIkigai, errors
from ikigai_core.local.account import LocalAccount

OURS = pd.DataFrame({"n": [1, 2, 3]})
THEIRS = pd.DataFrame({"n": [4, 5, 6]})


@pytest.fixture(params=["sync", "async"])
def ensure(request: pytest.FixtureRequest, app: App, ikigai_local: LocalAccount) -> Callable[[Any], Any]:
    """Ensures the dataset, and calls back when its data are on their way."""

    async def awaited(on_progress: Any) -> Any:
        async with AsyncIkigai(ikigai_local.user_email, ikigai_local.api_key, ikigai_local.url) as ikigai:
            builder = (await ikigai.apps[app.name]).dataset.new("numbers").df(OURS)
            return await builder.ensure(on_progress=on_progress)

    def performed(on_progress: Any) -> Any:
        if request.param == "async":
            return asyncio.run(awaited(on_progress))
        return app.dataset.new("numbers").df(OURS).ensure(on_progress=on_progress)

    return performed


def refuse(ikigai_local: LocalAccount) -> None:
    ikigai_local.control.fault("complete-dataset-multipart-upload", status=422, body={"message": "no"}, times=1)


def test_it_is_deleted_again(app: App, ensure: Callable[[Any], Any], ikigai_local: LocalAccount) -> None:
    refuse(ikigai_local)
    with pytest.raises(errors.IkigaiError, match="no"):
        ensure(False)
    assert len(app.datasets()) == 0


def test_it_stays_with_the_data_that_others_have_put_into_it(
    app: App, ensure: Callable[[Any], Any], ikigai_local: LocalAccount
) -> None:
    met = []

    def others_are_faster(_: Any) -> None:
        if not met:
            met.append(app.dataset.new("numbers").df(THEIRS).ensure())
            refuse(ikigai_local)

    with pytest.raises(errors.IkigaiError, match="no"):
        ensure(others_are_faster)
    assert (len(app.datasets()), met[0].changes) == (1, ("data",))
    assert app.datasets["numbers"].df()["n"].tolist() == [4, 5, 6]


def test_nothing_is_deleted_that_was_there_before(
    app: App, ensure: Callable[[Any], Any], ikigai_local: LocalAccount
) -> None:
    app.dataset.new("numbers").df(THEIRS).build()
    refuse(ikigai_local)
    with pytest.raises(errors.IkigaiError, match="no"):
        ensure(False)
    assert app.datasets["numbers"].df()["n"].tolist() == [4, 5, 6]
