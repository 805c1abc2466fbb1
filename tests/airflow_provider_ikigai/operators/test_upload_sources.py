"""Uploads from wherever Airflow reaches: object storages, databases, other tasks, functions."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from airflow.sdk import DAG, AssetAlias, ObjectStoragePath, task

from airflow_provider_ikigai.assets import dataset_asset
from airflow_provider_ikigai.operators.dataset import IkigaiDownloadDatasetOperator, IkigaiUploadDatasetOperator
from ikigai_core import Ikigai

NUMBERS = pd.DataFrame({"name": ["one", "two", 'three "3", more'], "value": [1, 2, 3]})


@pytest.fixture
def database(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """Connection of a database with a table of numbers."""
    file = tmp_path / "numbers.db"
    with sqlite3.connect(file) as connection:
        NUMBERS.to_sql("numbers", connection, index=False)
    monkeypatch.setenv("AIRFLOW_CONN_NUMBERS", json.dumps({"conn_type": "sqlite", "host": str(file)}))
    return "numbers"


def test_data_come_from_everywhere_and_go_everywhere(
    run_dag: Callable[..., Any], app: str, database: str, tmp_path: Path, ikigai_client: Ikigai
) -> None:
    stored = tmp_path / "numbers.csv"
    NUMBERS.to_csv(stored, index=False)
    (tmp_path / "query.sql").write_text("SELECT * FROM numbers WHERE value >= :least ORDER BY value")
    storage = ObjectStoragePath(f"file://{tmp_path}/out.pq")
    with DAG("sources", schedule=None, default_args={"app": app}, template_searchpath=str(tmp_path)) as dag:

        @task
        def frame() -> pd.DataFrame:
            return NUMBERS

        @task.ikigai_upload(dataset="returned")
        def returned(ds: str, factor: int = 1) -> pd.DataFrame:
            assert ds
            return NUMBERS.assign(value=NUMBERS["value"] * factor)

        @task.ikigai_upload(dataset="path returned")
        def path_returned() -> Path:
            return stored

        up = IkigaiUploadDatasetOperator(task_id="stored", dataset="stored", path=f"file://{stored}")
        IkigaiUploadDatasetOperator(
            task_id="queried",
            dataset="queried",
            sql="query.sql",
            sql_conn_id=database,
            parameters={"least": 2},
            outlets=[dataset_asset(app, "queried"), AssetAlias("numbers")],
        )
        IkigaiUploadDatasetOperator(task_id="pulled", dataset="pulled", data=frame())
        returned(factor=10)
        path_returned()
        up >> IkigaiDownloadDatasetOperator(task_id="down", dataset="stored", path=storage)
    ran = run_dag(dag)
    assert ran.state == "success", ran.log
    datasets = ikigai_client.apps[app].datasets
    for name in ("stored", "pulled", "path returned"):
        pd.testing.assert_frame_equal(datasets[name].df(), NUMBERS)
    pd.testing.assert_frame_equal(datasets["queried"].df(), NUMBERS.tail(2).reset_index(drop=True))
    assert list(datasets["returned"].df()["value"]) == [10, 20, 30]
    pd.testing.assert_frame_equal(pd.read_parquet(tmp_path / "out.pq"), NUMBERS)


def test_what_cannot_be_uploaded_is_told_at_once(run_dag: Callable[..., Any], app: str, database: str) -> None:
    cases: dict[str, dict[str, Any]] = {
        "from nothing: give exactly one of path, data, sql": {},
        "from path and data: give exactly one": {"path": "a.csv", "data": [1]},
        "no sql_conn_id": {"sql": "SELECT 1"},
        "returns no rows": {"sql": "CREATE TABLE more (a)", "sql_conn_id": "numbers"},
        "which cannot run queries": {"sql": "SELECT 1", "sql_conn_id": "ikigai_default"},
        "There is no file 'file:///nowhere/at/all.csv' to upload": {"path": "file:///nowhere/at/all.csv"},
        "list": {"data": [1]},
    }
    with DAG("no_source", schedule=None) as dag:
        for number, given in enumerate(cases.values()):
            IkigaiUploadDatasetOperator(task_id=f"up_{number}", app=app, dataset="numbers", retries=3, **given)
    ran = run_dag(dag)
    assert (set(ran.states.values()), set(ran.tries.values())) == ({"failed"}, {1})
    for says in cases:
        assert says in ran.log
