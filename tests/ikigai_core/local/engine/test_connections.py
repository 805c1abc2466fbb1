"""Connections are named in files and variables, and their secrets stay there."""

from __future__ import annotations

import sqlite3
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest


def loaded(jobs: Any, name: str, **more: Any) -> Any:
    return jobs.run([jobs.facet("INPUT.LOAD", "source", database_name=name, table_name="t"), jobs.exported()], **more)


@pytest.fixture
def database(tmp_path: Path) -> str:
    with sqlite3.connect(tmp_path / "it.db") as opened:
        opened.execute("CREATE TABLE t (a INTEGER)")
        opened.execute("INSERT INTO t VALUES (7)")
    opened.close()
    return f"sqlite:///{tmp_path}/it.db"


def test_a_file_in_the_data_folder_names_connections(jobs: Any, tmp_path: Path, database: str) -> None:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "connections.yaml").write_text(f"Ware house: {database}\n")

    assert loaded(jobs, "ware house", parameters={"hidden": str(folder)}).rows() == [["a"], ["7"]]


def test_a_variable_names_a_connection(jobs: Any, monkeypatch: pytest.MonkeyPatch, database: str) -> None:
    monkeypatch.setenv("IKIGAI_CONNECTION_WAREHOUSE", database)
    monkeypatch.setenv("IKIGAI_CONNECTION_MAPPED", f"{{url: '{database}'}}")

    assert [loaded(jobs, name).rows()[1] for name in ("Warehouse", "mapped")] == [["7"], ["7"]]


def test_an_unknown_connection_is_told_where_to_name_it(jobs: Any) -> None:
    message = loaded(jobs, "ware-house").message

    assert "there is no connection 'ware-house'. There is none. Connections are named in connections.yaml" in message
    assert message.endswith("or by variables such as IKIGAI_CONNECTION_WARE_HOUSE")


@pytest.mark.parametrize("content", ["it: [hunter2", "- hunter2", "hunter2"])
def test_a_file_that_cannot_be_read_is_not_shown(
    jobs: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    (tmp_path / "mine.yaml").write_text(content)
    monkeypatch.setenv("IKIGAI_LOCAL_CONNECTIONS", str(tmp_path / "mine.yaml"))
    message = loaded(jobs, "it").message

    assert "mine.yaml" in message
    assert "hunter2" not in message


def test_without_the_extra_the_error_names_it(jobs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IKIGAI_CONNECTION_IT", "sqlite://")
    monkeypatch.setitem(sys.modules, "sqlalchemy", None)
    sql = loaded(jobs, "it").message
    monkeypatch.setitem(sys.modules, "s3fs", None)
    # What was loaded before stays in there.
    monkeypatch.delitem(import_module("fsspec.registry")._registry, "s3", raising=False)
    s3 = jobs.run(
        [jobs.facet("INPUT.S3", "source", connection_name="it", bucket="b", key="k"), jobs.exported()]
    ).message

    assert "databases need SQLAlchemy: pip install 'ikigai-core[sql]'" in sql
    assert "S3 needs s3fs: pip install 'ikigai-core[s3]'" in s3
