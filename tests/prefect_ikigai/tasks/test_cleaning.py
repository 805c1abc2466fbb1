"""Datasets are deleted, one or those that earlier flow runs named."""

from __future__ import annotations

import asyncio
from datetime import timedelta

import pandas as pd
import pytest
from prefect import flow

from ikigai_core import errors
from prefect_ikigai import (
    IkigaiCredentials,
    adelete_dataset,
    delete_dataset,
    delete_old_outputs,
    output_name,
    upload_dataset,
)

NUMBERS = pd.DataFrame({"value": [1, 2, 3]})


def test_datasets_and_outputs_of_earlier_flow_runs_are_deleted_and_no_others(
    credentials: IkigaiCredentials, app: str
) -> None:
    kept = ["late", "late_by_hand", "later_0123456789ab", "early_0123456789ab", "late_202611220930"]

    @flow
    def write() -> list[str]:
        names = [output_name("late"), output_name("late", "JFK")]
        for name in names:
            upload_dataset(credentials, app, name, NUMBERS)
        return names

    @flow
    def clean() -> tuple[list[str], list[str], list[str]]:
        mine = write.fn()
        none = delete_old_outputs(credentials, app, "late", older_than=timedelta(days=1))
        return mine, none, delete_old_outputs(credentials, app, "late", older_than=timedelta(0))

    for name in kept:
        upload_dataset.fn(credentials, app, name, NUMBERS)
    earlier = write()
    mine, none, deleted = clean()
    assert none == [] and deleted == sorted(earlier)
    with credentials.get_client() as ikigai:
        assert set(ikigai.apps[app].datasets()) == {*kept, *mine}
    assert delete_dataset.fn(credentials, app, "late") is True
    assert asyncio.run(adelete_dataset.fn(credentials, app, "late")) is False
    with pytest.raises(errors.NotFoundError):
        delete_dataset.fn(credentials, app, "late", missing_ok=False)
    with pytest.raises(errors.InvalidInputError, match="older_than"):
        delete_old_outputs.fn(credentials, app, "late", older_than=timedelta(-1))
