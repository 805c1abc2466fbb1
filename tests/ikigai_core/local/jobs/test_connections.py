"""Workers know the connections of the platform's data folder."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest

from ikigai_core import Ikigai
from ikigai_core.local.jobs.workers import clean_environment
from ikigai_core.local.process import LocalPlatform


def test_flows_reach_a_database_that_the_data_folder_names(tmp_path: Path) -> None:
    with sqlite3.connect(tmp_path / "it.db") as database:
        database.execute("CREATE TABLE late (flight TEXT, minutes INTEGER)")
        database.execute("INSERT INTO late VALUES ('007', 61)")
    database.close()
    data = tmp_path / "data"
    data.mkdir()
    (data / "connections.yaml").write_text(f"warehouse: sqlite:///{tmp_path}/it.db\n")
    document = {
        "facets": {
            "late": {"type": "INPUT.Load", "arguments": {"database_name": "warehouse", "table_name": "late"}},
            "copy": {
                "type": "OUTPUT.Dump",
                "after": "late",
                "arguments": {"database_name": "WAREHOUSE", "table_name": "copied"},
            },
        }
    }

    with (
        LocalPlatform.start(data_dir=data) as platform,
        Ikigai(platform.user_email, platform.api_key, platform.url) as ikigai,
    ):
        flow = ikigai.app.new("Reach").build().flow.new("f").definition(document).build()
        flow.start().result()

    with sqlite3.connect(tmp_path / "it.db") as database:
        assert database.execute("SELECT * FROM copied").fetchall() == [("007", 61)]
    database.close()


def test_workers_get_connections_and_no_other_setting_of_the_platform(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IKIGAI_CONNECTION_LAKE", "{key: k}")
    monkeypatch.setenv("IKIGAI_LOCAL_CONNECTIONS", "/some/where.yaml")
    monkeypatch.setenv("IKIGAI_API_KEY", "hidden")

    names = {name for name in clean_environment() if name.startswith("IKIGAI")}
    assert names == {"IKIGAI_CONNECTION_LAKE", "IKIGAI_LOCAL_CONNECTIONS"}
