"""Data goes to the platform and comes back."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from airflow.sdk import DAG

from airflow_provider_ikigai.operators.dataset import IkigaiDownloadDatasetOperator, IkigaiUploadDatasetOperator
from ikigai_core import Ikigai

NUMBERS = pd.DataFrame({"name": ["one", "two", "three"], "value": [1, 2, 3]})


@pytest.fixture
def csv(tmp_path: Path) -> Path:
    path = tmp_path / "numbers.csv"
    NUMBERS.to_csv(path, index=False)
    return path


def test_a_file_goes_up_and_comes_back(run_dag: Callable[..., Any], app: str, csv: Path, tmp_path: Path) -> None:
    with DAG("there_and_back", schedule=None, params={"dataset": "numbers"}) as dag:
        up = IkigaiUploadDatasetOperator(task_id="up", app=app, dataset="{{ params.dataset }}", path=csv)
        down = IkigaiDownloadDatasetOperator(
            task_id="down", app=app, dataset="{{ ti.xcom_pull('up')['dataset'] }}", path=tmp_path / "{{ ds }}" / "n.csv"
        )
        up >> down
    ran = run_dag(dag)
    assert ran.state == "success", ran.log
    assert (ran.results["up"]["dataset"], ran.results["up"]["changes"]) == ("numbers", ["created"])
    assert ran.results["down"]["dataset_id"] == ran.results["up"]["dataset_id"]
    pd.testing.assert_frame_equal(pd.read_csv(ran.results["down"]["path"]), NUMBERS)


def test_uploading_again_changes_only_what_differs(
    run_dag: Callable[..., Any], app: str, csv: Path, ikigai_client: Ikigai
) -> None:
    with DAG("twice", schedule=None) as dag:
        IkigaiUploadDatasetOperator(task_id="up", app=app, dataset="numbers", path=csv)
    changes = [run_dag(dag).results["up"]["changes"] for _ in range(2)]
    NUMBERS.head(1).to_csv(csv, index=False)
    changes.append(run_dag(dag).results["up"]["changes"])
    assert changes == [["created"], [], ["data"]]
    assert len(ikigai_client.apps[app].datasets()) == 1
    assert len(ikigai_client.apps[app].datasets["numbers"].df()) == 1


def test_a_missing_file_fails_before_anything_is_sent(
    run_dag: Callable[..., Any], app: str, tmp_path: Path, requests_sent: Callable[[], dict[str, int]]
) -> None:
    with DAG("no_file", schedule=None) as dag:
        IkigaiUploadDatasetOperator(
            task_id="up", app="New app", dataset="numbers", path=tmp_path / "gone.csv", create_app=True, retries=3
        )
    ran = run_dag(dag)
    assert (ran.states, ran.tries) == ({"up": "failed"}, {"up": 1})
    assert f"There is no file '{tmp_path / 'gone.csv'}' on this worker to upload" in ran.log
    assert requests_sent() == {}


def test_what_is_not_there_is_named_and_made_only_if_that_is_asked_for(
    run_dag: Callable[..., Any], app: str, csv: Path, tmp_path: Path
) -> None:
    with DAG("missing", schedule=None) as dag:
        IkigaiUploadDatasetOperator(task_id="typo", app=f"{app}!", dataset="numbers", path=csv, retries=3)
        IkigaiUploadDatasetOperator(task_id="new", app=f"{app} II", dataset="numbers", path=csv, create_app=True)
        down = tmp_path / "down" / "n.csv"
        IkigaiDownloadDatasetOperator(task_id="down", app=app, dataset="nothing", path=down, retries=3)
    ran = run_dag(dag)
    assert ran.states == {"typo": "failed", "new": "success", "down": "failed"}
    assert ran.tries["typo"] == ran.tries["down"] == 1
    assert f"There is no app '{app}!'" in ran.log
    assert f"Did you mean '{app}" in ran.log
    assert "There is no dataset 'nothing'" in ran.log
    assert not down.parent.exists()
