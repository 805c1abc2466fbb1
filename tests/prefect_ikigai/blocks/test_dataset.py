"""The block of a dataset reads and writes what a task can."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pandas as pd
import pytest

from ikigai_core import errors
from prefect_ikigai import IkigaiCredentials, IkigaiDataset

NUMBERS = pd.DataFrame({"name": ["one", "two", "three"], "value": [1, 2, 3]})


def test_frames_and_files_go_there_and_back(saved_credentials: IkigaiCredentials, app: str, tmp_path: Path) -> None:
    IkigaiDataset(credentials=saved_credentials, app=app, dataset="numbers").save("numbers", overwrite=True)
    numbers = IkigaiDataset.load("numbers")
    parquet, url = tmp_path / "numbers.parquet", f"memory://{app}/numbers.csv"
    assert [numbers.write(NUMBERS)["changes"], numbers.write(NUMBERS)["changes"]] == [["created"], []]
    pd.testing.assert_frame_equal(numbers.read(), NUMBERS)
    assert numbers.download(parquet) == parquet and numbers.download(url) == url
    assert numbers.write(NUMBERS.head(1))["changes"] == ["data"]
    assert numbers.write(parquet)["changes"] == ["data"]
    assert numbers.write(url)["changes"] == []
    assert numbers.preview(2).rows == [{"name": "one", "value": "1"}, {"name": "two", "value": "2"}]


def test_the_async_versions_do_the_same(credentials: IkigaiCredentials, app: str, tmp_path: Path) -> None:
    numbers = IkigaiDataset(credentials=credentials, app=f"New {app}", dataset="numbers", create_app=True)

    async def there_and_back() -> None:
        await numbers.awrite(NUMBERS)
        pd.testing.assert_frame_equal(await numbers.aread(), NUMBERS)
        await numbers.adownload(tmp_path / "numbers.csv")
        assert (await numbers.apreview(1)).row_count == 3

    asyncio.run(there_and_back())
    pd.testing.assert_frame_equal(pd.read_csv(tmp_path / "numbers.csv"), NUMBERS)
    with pytest.raises(errors.NotFoundError):
        IkigaiDataset(credentials=credentials, app=app, dataset="no such").read()
