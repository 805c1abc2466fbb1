"""Files in an object storage go up and come back: on a server that speaks S3, over HTTP."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from airflow.sdk import DAG, ObjectStoragePath

from airflow_provider_ikigai.operators.dataset import IkigaiDownloadDatasetOperator, IkigaiUploadDatasetOperator
from ikigai_core import Ikigai

pytest.importorskip("airflow.providers.amazon", reason="apache-airflow-providers-amazon is not installed")

pytestmark = pytest.mark.soak

ROWS = "zip,amount\n007,1.5\n008,2.5\n"
SECRET = "not-for-logs-4711"


@pytest.fixture(scope="module")
def storage() -> Iterator[str]:
    """The address of the server."""
    from moto.server import ThreadedMotoServer

    server = ThreadedMotoServer("127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture
def bucket(storage: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """The address of a bucket, in which Airflow's connection ``lake`` can read and write."""
    extra = {"endpoint_url": storage, "region_name": "us-east-1"}
    lake = {"conn_type": "aws", "login": "ann", "password": SECRET, "extra": extra}
    monkeypatch.setenv("AIRFLOW_CONN_LAKE", json.dumps(lake))
    name = f"s3://lake@rows-{uuid.uuid4().hex[:8]}"
    ObjectStoragePath(name).mkdir()
    return name


def test_a_file_in_a_bucket_goes_up_and_comes_back(
    run_dag: Callable[..., Any], bucket: str, ikigai_client: Ikigai
) -> None:
    ObjectStoragePath(f"{bucket}/in/rows.csv").write_text(ROWS)
    app = f"Storage {uuid.uuid4().hex[:8]}"
    with DAG("object_storage", schedule=None) as dag:
        up = IkigaiUploadDatasetOperator(
            task_id="up", app=app, dataset="rows", path=f"{bucket}/in/rows.csv", create_app=True
        )
        down = IkigaiDownloadDatasetOperator(task_id="down", app=app, dataset="rows", path=f"{bucket}/out/rows.csv")
        up >> down
    ran = run_dag(dag)
    assert ran.states == {"up": "success", "down": "success"}, ran.log
    assert ikigai_client.apps[app].datasets["rows"].df().to_csv(index=False) == "zip,amount\n7,1.5\n8,2.5\n"
    assert ObjectStoragePath(f"{bucket}/out/rows.csv").read_text() == ROWS
    assert SECRET not in ran.log


def test_a_file_that_is_not_there_is_named_and_nothing_is_made(
    run_dag: Callable[..., Any], bucket: str, ikigai_client: Ikigai
) -> None:
    app = f"Storage {uuid.uuid4().hex[:8]}"
    with DAG("object_storage_missing", schedule=None) as dag:
        IkigaiUploadDatasetOperator(task_id="up", app=app, dataset="rows", path=f"{bucket}/none.csv", create_app=True)
    ran = run_dag(dag)
    assert ran.state == "failed"
    assert "There is no file" in ran.log
    assert app not in ikigai_client.apps()
