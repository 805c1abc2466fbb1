"""Assets of files: what materializing them uploads and records."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import dagster as dg
import pandas as pd

from dagster_ikigai import IkigaiWorkspace, build_ikigai_dataset_asset
from ikigai_core import Ikigai

from .materializing import failure_of, materialize


def test_a_file_is_uploaded_once(app: str, instance: dg.DagsterInstance, ikigai_client: Ikigai, tmp_path: Path) -> None:
    path = tmp_path / "letters.csv"
    path.write_text("letter,place\na,1\nb,2\n")
    made = build_ikigai_dataset_asset(app=app, dataset="letters", path=path)
    done = [materialize(made, instance=instance)[1]["letters"] for _ in range(2)]
    path.write_text("letter,place\nc,3\n")
    done.append(materialize(made, instance=instance)[1]["letters"])
    assert [metadata["ikigai/changes"] for metadata in done] == ["created", "none", "data"]
    assert [metadata["dagster/row_count"] for metadata in done] == [2, 2, 1]
    assert list(ikigai_client.apps[app].datasets["letters"].df()["letter"]) == ["c"]
    invoked: Any = made(dg.build_asset_context(resources={"ikigai": IkigaiWorkspace()}))
    assert invoked.metadata["ikigai/changes"] == "none"


def test_a_parquet_file_is_converted_and_described(
    app: str, instance: dg.DagsterInstance, ikigai_client: Ikigai, tmp_path: Path
) -> None:
    path = tmp_path / "letters.parquet"
    pd.DataFrame({"letter": ["a", "b", None], "place": [1, 2, 3]}).to_parquet(path)
    app_id = ikigai_client.apps[app].app_id
    result, recorded = materialize(
        build_ikigai_dataset_asset(app=app_id, dataset="letters", path=path), instance=instance
    )
    assert result.success
    told = recorded["letters"]
    assert (told["dagster/row_count"], told["ikigai/null_counts"]) == (3, {"letter": 1, "place": 0})
    assert list(ikigai_client.apps[app].datasets["letters"].df()["place"]) == [1, 2, 3]


def test_a_files_url_is_uploaded_and_described(
    app: str, instance: dg.DagsterInstance, ikigai_client: Ikigai, tmp_path: Path
) -> None:
    path = tmp_path / "letters.csv"
    path.write_text("letter\na\nb\n")
    made = build_ikigai_dataset_asset(app=app, dataset="letters", path=path.as_uri())
    result, recorded = materialize(made, instance=instance)
    assert result.success
    assert recorded["letters"]["dagster/row_count"] == 2


def test_a_missing_file_fails_before_anything_is_sent(
    instance: dg.DagsterInstance, requests_sent: Callable[[], int], tmp_path: Path
) -> None:
    made = build_ikigai_dataset_asset(
        app="An app", dataset="letters", path=tmp_path / "nowhere.csv", retry_policy=dg.RetryPolicy(max_retries=3)
    )
    before = requests_sent()
    result, _ = materialize(made, instance=instance)
    assert "nowhere.csv' does not exist (looked in " in failure_of(result)
    assert not result.filter_events(lambda event: event.is_step_up_for_retry)
    assert requests_sent() == before
