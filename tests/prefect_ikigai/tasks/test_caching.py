"""Results are not cached; where that is asked for, accounts do not share them and files count with what is in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
from prefect import flow
from prefect.cache_policies import NO_CACHE
from prefect.client.schemas.objects import State
from pydantic import SecretStr

import prefect_ikigai
from ikigai_core.local.account import LocalAccount
from prefect_ikigai import ACCOUNT_INPUTS, IkigaiCredentials, read_dataset, upload_dataset


def test_no_task_caches_by_default() -> None:
    tasks = [value for value in vars(prefect_ikigai).values() if hasattr(value, "cache_policy")]
    assert len(tasks) > 20
    assert all(task.cache_policy == NO_CACHE for task in tasks)


def test_accounts_never_share_a_cached_result(
    credentials: IkigaiCredentials, app: str, ikigai_local: LocalAccount, prefect_server: Any
) -> None:
    other = "other@example.com"
    others = credentials.model_copy(
        update={"user_email": other, "api_key": SecretStr(ikigai_local.control.add_user(other))}
    )
    same = credentials.model_copy(update={"read_timeout": 30.0})
    with credentials.get_client() as mine, others.get_client() as theirs:
        mine.apps[app].dataset.new("numbers").df(pd.DataFrame({"value": [1]})).build()
        theirs.app.new(app).ensure().dataset.new("numbers").df(pd.DataFrame({"value": [2]})).build()
    cached = read_dataset.with_options(cache_policy=ACCOUNT_INPUTS, persist_result=True)

    @flow
    def read() -> list[State[pd.DataFrame]]:
        return [cached(block, app, "numbers", return_state=True) for block in (credentials, others, same)]

    first, second, third = read(return_state=True).result()
    assert [state.result()["value"][0] for state in (first, second, third)] == [1, 2, 1]
    assert [state.name for state in (first, second, third)] == ["Completed", "Completed", "Cached"]
    assert credentials.api_key is not None
    key = credentials.api_key.get_secret_value()
    assert not [path for path in prefect_server.results.rglob("*") if key in path.name]


def test_a_file_that_has_changed_is_uploaded(credentials: IkigaiCredentials, app: str, tmp_path: Path) -> None:
    file = tmp_path / "numbers.csv"
    cached = upload_dataset.with_options(cache_policy=ACCOUNT_INPUTS, persist_result=True)

    @flow
    def upload() -> list[str]:
        names = []
        for text in ("value\n1\n", "value\n1\n", "value\n1\n2\n"):
            # What has not changed keeps its time of change.
            if not file.exists() or file.read_text() != text:
                file.write_text(text)
            names.append(str(cached(credentials, app, "numbers", file, return_state=True).name))
        return names

    assert upload() == ["Completed", "Cached", "Completed"]
