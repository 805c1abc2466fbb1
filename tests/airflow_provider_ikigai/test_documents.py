"""The DAGs in the documents run, as they stand."""

from __future__ import annotations

import json
import re
import runpy
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from airflow.configuration import conf
from airflow.dag_processing.dagbag import DagBag
from airflow.sdk import Connection

from airflow_provider_ikigai.connection import EXTRAS, connection_fields
from ikigai_core import Ikigai
from ikigai_core.local.account import LocalAccount
from tests.docs.documents import ROOT, assert_ran, blocks, lay_out, program, programs


@pytest.mark.parametrize("text", blocks("json airflow-connection"))
def test_the_connection_is_understood(text: str) -> None:
    fields = connection_fields(Connection.from_json(text, "ikigai_default"))
    assert set(json.loads(text)["extra"]) == {*EXTRAS} - {"api_key_file"}
    assert (fields.user_email, fields.base_url) == ("bob@example.com", "https://api.ikigailabs.io")
    assert fields.client_key == "/etc/ikigai/client.key"


@pytest.mark.parametrize("text", programs("airflow"))
def test_the_dags_run(text: str, run_dag: Callable[..., Any], ikigai_client: Ikigai, tmp_path: Path) -> None:
    found = DagBag(dag_folder=lay_out(tmp_path, program=text))
    assert found.import_errors == {}
    shown = re.findall(r"^@dag\(.*?^def (\w+)\(", text, re.MULTILINE | re.DOTALL)
    assert shown
    assert set(shown) == set(found.dags)
    for dag_id in shown:
        ran = run_dag(found.dags[dag_id], logical_date=None)
        assert ran.state == "success", ran.log
    assert_ran(ikigai_client)


@pytest.mark.soak
@pytest.mark.parametrize("text", blocks("python airflow-test"))
def test_the_test_of_a_dag_passes(text: str, ikigai_local: LocalAccount, monkeypatch: pytest.MonkeyPatch) -> None:
    dags = Path(conf.get("core", "dags_folder")) / "of_a_document"
    dags.mkdir()
    try:
        lay_out(dags, late_flights=program(ROOT / "README.md", "airflow"), test_late_flights=text)
        monkeypatch.syspath_prepend(dags)
        runpy.run_path(str(dags / "test_late_flights.py"))["test_the_dag"](ikigai_local, monkeypatch)
    finally:
        shutil.rmtree(dags)
        sys.modules.pop("late_flights", None)
