"""A dataset's profile says what its data hold if they are small enough to be fetched, and nothing that is guessed."""

from __future__ import annotations

import json
from hashlib import sha256
from typing import Any

import pandas as pd
import pytest

from ikigai_core import App, Ikigai
from ikigai_core.local.account import LocalAccount
from ikigai_core.orchestration import DatasetProfile, find_dataset, profile_dataset


@pytest.fixture
def dataset(app: App, flights: pd.DataFrame) -> Any:
    return app.dataset.new("flights").df(flights).build()


def test_a_dataset_is_described_on_both_faces(dataset: Any, app: App, side: Any, flights: pd.DataFrame) -> None:
    found = side.run(find_dataset(side.ikigai, app.app_id, "flights"))
    profile = side.run(profile_dataset(found, preview_rows=2))
    content = flights.to_csv(index=False).encode()
    assert profile == DatasetProfile(
        app_id=app.app_id,
        dataset_id=dataset.dataset_id,
        name="flights",
        size=len(content),
        columns={name: column.data_type.value for name, column in dataset.data_types.items()},
        web_url=dataset.web_url,
        row_count=4,
        digest=sha256(content).hexdigest(),
        preview=[
            {"flight": "007", "delay": "5", "carrier": "AA"},
            {"flight": "UA 1", "delay": "61", "carrier": ""},
        ],
        empty_values={"flight": 0, "delay": 0, "carrier": 1},
    )
    assert profile.columns["delay"] == "NUMERIC"
    assert json.loads(json.dumps(profile.to_dict()))["row_count"] == 4


def test_a_dataset_above_the_limit_is_not_fetched(
    dataset: Any, ikigai_client: Ikigai, ikigai_local: LocalAccount
) -> None:
    ikigai_local.control.clear_journal()
    for limit in (0, dataset.size - 1):
        profile = ikigai_client.run(profile_dataset(dataset, preview_rows=5, size_limit=limit))
        assert profile == DatasetProfile.of(dataset)
        assert (profile.row_count, profile.digest, profile.preview) == (None, None, [])
        assert profile.columns
    assert ikigai_local.control.journal(user=ikigai_local.user_email) == []
    for enough in (dataset.size, None):
        assert ikigai_client.run(profile_dataset(dataset, size_limit=enough)).row_count == 4


def test_a_dataset_that_is_not_kept_as_csv_is_not_read_as_one(dataset: Any, ikigai_client: Ikigai) -> None:
    sheet = dataset.model_copy(update={"file_extension": "xlsx"})
    assert ikigai_client.run(profile_dataset(sheet)).row_count is None
