"""Hana, Load, Dump and the connectors, on SQLite and, where it is installed, on a real PostgreSQL."""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest

from .outside import SECRET, connect
from .random_tables import TYPES, assert_values, on_random_tables

CONTENT = 'n,x,s,t\n1,2.5,007,2013-01-02T03:04:05Z\n,,,\n3,1e3,"a, b",2013-01-01\n'


@pytest.fixture
def warehouse(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A SQLite database, which connections called warehouse and results know."""
    path = tmp_path / "warehouse.db"
    url = f"sqlite:///{path}"
    connect(monkeypatch, tmp_path, warehouse=url, results={"url": url, "table": "kept rows"})
    return path


def filled(path: Path) -> None:
    with sqlite3.connect(path) as database:
        database.execute('CREATE TABLE "kept rows" (n INTEGER, s TEXT, "Share ""of"" x" REAL)')
        database.executemany(
            'INSERT INTO "kept rows" VALUES (?, ?, ?)', [(1, "007", 2.5), (None, "", None), (3, "x", 1)]
        )
    database.close()


def taken(jobs: Any, facet: Any) -> Any:
    return jobs.run([facet, jobs.exported()])


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("INPUT.LOAD", {"database_name": "warehouse", "table_name": "kept rows"}),
        ("INPUT.HANA", {"connection_name": "warehouse", "query": "SELECT * FROM \"kept rows\" WHERE '12:30' <> ':x'"}),
        ("INPUT.INPUT_CONNECTOR", {"connector_id": "results"}),
        ("INPUT.INPUT_CONNECTOR", {"connector_id": "results", "query": 'SELECT * FROM "kept rows" ORDER BY rowid'}),
    ],
)
def test_tables_are_read(jobs: Any, warehouse: Path, kind: str, arguments: dict[str, Any]) -> None:
    filled(warehouse)
    ended = taken(jobs, jobs.facet(kind, "source", **arguments))

    assert ended.message == ""
    assert ended.rows() == [["n", "s", 'Share "of" x'], ["1", "007", "2.5"], ["", "", ""], ["3", "x", "1.0"]]
    assert ended.types() == {"n": "NUMERIC", "s": "TEXT", 'Share "of" x': "NUMERIC"}


@pytest.mark.parametrize(
    ("kind", "arguments"),
    [
        ("OUTPUT.DUMP", {"database_name": "warehouse", "table_name": "kept rows"}),
        ("OUTPUT.HANA", {"connection_name": "warehouse", "table_name": "kept rows"}),
        ("OUTPUT.OUTPUT_CONNECTOR", {"connector_id": "results"}),
    ],
)
def test_tables_are_written_in_place_of_others(
    jobs: Any, warehouse: Path, kind: str, arguments: dict[str, Any]
) -> None:
    filled(warehouse)
    ended = jobs.run([jobs.imported(CONTENT), jobs.facet(kind, "sink", **arguments)])

    assert ended.message == ""
    with sqlite3.connect(warehouse) as database:
        rows = database.execute('SELECT n, x, s, t, typeof(n) FROM "kept rows"').fetchall()
    database.close()
    assert rows == [
        (1, 2.5, "007", "2013-01-02 03:04:05.000000", "integer"),
        (None, None, None, None, "null"),
        (3, 1000.0, "a, b", "2013-01-01 00:00:00.000000", "integer"),
    ]


@pytest.mark.soak
def test_what_was_written_is_read_again(jobs: Any, warehouse: Path) -> None:
    @on_random_tables(30)
    def check(table: Any) -> None:
        place = {"database_name": "warehouse", "table_name": "t"}
        source = jobs.facet("INPUT.IMPORTED", "source", dataset_id=jobs.dataset(table.content, TYPES))
        written = jobs.run([source, jobs.facet("OUTPUT.DUMP", "sink", **place)])

        assert written.message == ""
        assert_values(taken(jobs, jobs.facet("INPUT.LOAD", "again", **place)), table.values)


def test_failures_are_told_without_the_password(jobs: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    password = SECRET.replace(" ", "%20")
    connect(
        monkeypatch,
        tmp_path,
        gone=f"postgresql+psycopg://ann:{password}@127.0.0.1:1/db?connect_timeout=2",
        sap=f"hana://ann:{password}@127.0.0.1:1",
        wrong=f"nonsense {password}",
        lite=f"sqlite:///{tmp_path}/a.db",
        empty={"password": password},
    )

    def message(name: str, query: str = "SELECT 1") -> str:
        ended = taken(jobs, jobs.facet("INPUT.HANA", "source", connection_name=name, query=query))
        assert password not in ended.message
        assert SECRET not in ended.message
        return str(ended.message)

    assert "connection 'gone' failed to read: " in message("gone")
    assert "connection 'sap' needs a driver for hana: pip install 'ikigai-core[hana]'" in message("sap")
    assert "connection 'wrong' has a url that is none of SQLAlchemy's; correct it" in message("wrong")
    assert "connection 'empty' has no 'url'; add it where the connection is named" in message("empty")
    assert "connection 'lite' failed to read: (sqlite3.OperationalError) no such table: m" in message(
        "lite", "SELECT * FROM m"
    )


@pytest.fixture
def postgres() -> Iterator[str]:
    """The URL of a real PostgreSQL of the test's own, on a socket."""
    found = shutil.which("initdb") or next(map(str, Path("/usr/lib/postgresql").glob("*/bin/initdb")), None)
    if found is None:
        pytest.skip("PostgreSQL is not installed")
    with TemporaryDirectory(prefix="pg") as folder:
        # It refuses to be root.
        user = "nobody" if os.geteuid() == 0 else None
        if user:
            shutil.chown(folder, user)
        options: dict[str, Any] = {"user": user, "cwd": folder, "check": True, "stdout": subprocess.DEVNULL}
        subprocess.run([found, "-D", f"{folder}/data", "-U", "ann", "-A", "trust", "--no-sync"], **options)
        control = [str(Path(found).with_name("pg_ctl")), "-D", f"{folder}/data", "-w", "-l", f"{folder}/log"]
        subprocess.run([*control, "-o", f"-k {folder} -c listen_addresses= -c fsync=off", "start"], **options)
        try:
            yield f"postgresql+psycopg://ann@/postgres?host={folder}"
        finally:
            subprocess.run([*control, "-m", "immediate", "stop"], **options)


@pytest.mark.soak
def test_tables_of_postgresql(jobs: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, postgres: str) -> None:
    connect(monkeypatch, tmp_path, pg=postgres)
    place = {"database_name": "pg", "table_name": "public.kept rows"}
    written = jobs.run([jobs.imported(CONTENT), jobs.facet("OUTPUT.DUMP", "sink", **place)])
    again = jobs.run([jobs.imported(CONTENT), jobs.facet("OUTPUT.DUMP", "sink", **place)])
    query = """SELECT n + 1 AS n, x::text AS x, 1.50::numeric AS d, true AS b, t AT TIME ZONE 'UTC' AS t,
        '\\x00ff'::bytea AS raw FROM "kept rows" WHERE s IS NOT NULL AND s LIKE '%0%'"""
    asked = taken(jobs, jobs.facet("INPUT.HANA", "source", connection_name="pg", query=query))
    loaded = taken(jobs, jobs.facet("INPUT.LOAD", "source", **place))

    assert (written.message, again.message, asked.message, loaded.message) == ("", "", "", "")
    assert asked.rows() == [
        ["n", "x", "d", "b", "t", "raw"],
        ["2", "2.5", "1.50", "true", "2013-01-02T03:04:05+00:00", "00ff"],
    ]
    assert loaded.rows()[3] == ["3", "1000.0", "a, b", "2013-01-01T00:00:00"]
    assert loaded.types() == {"n": "NUMERIC", "x": "NUMERIC", "s": "TEXT", "t": "TIME"}
