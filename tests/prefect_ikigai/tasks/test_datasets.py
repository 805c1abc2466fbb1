"""Tasks that bring data to the platform and back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from prefect import flow

from ikigai_core import errors
from prefect_ikigai import (
    IkigaiCredentials,
    adownload_dataset,
    aread_dataset,
    aupload_dataset,
    download_dataset,
    output_name,
    preview_dataset,
    read_dataset,
    upload_dataset,
)
from prefect_ikigai.naming import artifact_key

NUMBERS = pd.DataFrame({"name": ["one", "two", "three"], "value": [1, 2, 3]})


def test_data_go_up_and_come_back(credentials: IkigaiCredentials, app: str, tmp_path: Path) -> None:
    source = tmp_path / "numbers.csv"
    NUMBERS.to_csv(source, index=False)

    @flow
    def there_and_back() -> tuple[list[dict[str, Any]], Path, pd.DataFrame]:
        uploads = [
            upload_dataset(credentials, app, "numbers", source),
            upload_dataset(credentials, app, "numbers", NUMBERS),
            upload_dataset(credentials, app, "numbers", NUMBERS.head(2)),
        ]
        path = download_dataset(credentials, app, "numbers", tmp_path / "new folder" / "back.csv")
        return uploads, path, read_dataset(credentials, app, "numbers")

    uploads, path, frame = there_and_back()
    assert [upload["changes"] for upload in uploads] == [["created"], [], ["data"]]
    assert len({upload["dataset_id"] for upload in uploads}) == 1
    pd.testing.assert_frame_equal(pd.read_csv(path), NUMBERS.head(2))
    pd.testing.assert_frame_equal(frame, NUMBERS.head(2))


def test_async_versions_do_the_same(credentials: IkigaiCredentials, app: str, tmp_path: Path) -> None:
    @flow
    async def there_and_back() -> tuple[list[str], Path, pd.DataFrame]:
        uploaded = await aupload_dataset(credentials, app, "numbers", NUMBERS)
        path = await adownload_dataset(credentials, app, "numbers", tmp_path / "new folder" / "back.csv")
        return uploaded["changes"], path, await aread_dataset(credentials, app, "numbers")

    changes, path, frame = asyncio.run(there_and_back())
    assert changes == ["created"]
    pd.testing.assert_frame_equal(pd.read_csv(path), NUMBERS)
    pd.testing.assert_frame_equal(frame, NUMBERS)


def test_a_missing_file_fails_before_anything_is_sent(
    credentials: IkigaiCredentials, tmp_path: Path, requests_sent: Callable[[], dict[str, Any]]
) -> None:
    missing = tmp_path / "no such file.csv"

    before = requests_sent()["total"]
    with pytest.raises(errors.InvalidInputError, match="no such file.csv"):
        upload_dataset.fn(credentials, "An app", "numbers", missing, create_app=True)
    with pytest.raises(errors.InvalidInputError, match="no such file.csv"):
        asyncio.run(aupload_dataset.fn(credentials, "An app", "numbers", missing, create_app=True))
    assert requests_sent()["total"] == before


def test_an_app_is_created_only_where_that_is_asked_for(credentials: IkigaiCredentials, app: str) -> None:
    with pytest.raises(errors.NotFoundError):
        upload_dataset.fn(credentials, f"Misspelt {app}", "numbers", NUMBERS)
    assert upload_dataset.fn(credentials, f"New {app}", "numbers", NUMBERS, create_app=True)["changes"] == ["created"]


def test_previews_of_what_flow_runs_write_are_versions_of_one_artifact(
    credentials: IkigaiCredentials, app: str, prefect_server: Any
) -> None:
    @flow
    def look() -> None:
        upload_dataset(credentials, app, output_name("numbers", "a"), NUMBERS)
        preview_dataset(credentials, app, output_name("numbers", "a"))

    states = [look(return_state=True) for _ in range(2)]
    shown = [prefect_server.artifacts(state.state_details.flow_run_id, "table") for state in states]
    assert {artifact.key for each in shown for artifact in each} == {artifact_key(app, "numbers_a", "rows")}
    assert [len(each) for each in shown] == [1, 1]
