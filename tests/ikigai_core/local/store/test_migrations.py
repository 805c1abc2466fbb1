"""Data directories that earlier releases wrote.

`layouts/` holds what their platforms left after an app in a directory, a dataset, a flow, a run of it and a flow with a
schedule were made: `sqlite3.Connection.iterdump` of the first layout's database, and of the fourth's.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from ikigai_core.local.process import LocalPlatform
from ikigai_core.local.store import Store

OWNER = "Owner@example.com"
LAYOUTS = sorted((Path(__file__).parent / "layouts").glob("*.sql"))


def written(folder: Path, dump: Path) -> Path:
    """Make the data directory of a dump; return its database."""
    database = folder / "platform.sqlite"
    with sqlite3.connect(database) as connection:
        connection.executescript(dump.read_text())
        files = [name for (name,) in connection.execute("SELECT data_file FROM datasets WHERE data_file != ''")]
    connection.close()
    (folder / "datasets").mkdir()
    for name in files:
        (folder / "datasets" / name).write_text("a,b\n1,x\n2,y\n")
    return database


def columns(database: Path) -> dict[str, set[str]]:
    connection = sqlite3.connect(database)
    tables = [name for (name,) in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")]
    found = {table: {row[1] for row in connection.execute(f"PRAGMA table_info({table})")} for table in tables}
    connection.close()
    return found


@pytest.mark.parametrize("dump", LAYOUTS, ids=lambda dump: dump.stem)
def test_what_an_older_release_kept_is_there_and_works(tmp_path: Path, connect: Callable[..., Any], dump: Path) -> None:
    written(tmp_path, dump)

    with LocalPlatform.start(data_dir=tmp_path, user_email=OWNER) as platform:
        api = connect(platform)
        app = api.ask("get-project", name="An old app")["project"]
        flow = api.ask("get-pipeline", project_id=app["project_id"], name="Old flow")["pipeline"]["pipeline_id"]
        nightly = api.ask("get-pipeline", project_id=app["project_id"], name="Scheduled flow")["pipeline"]

        assert app["directory"]["name"] == "Shelf"
        assert api.ask("get-project", name="Start Here (Tutorial)")["project"]["owner"] == OWNER
        assert nightly["schedule"]["cron"] == "0 3 * * *"
        assert api.named(app["project_id"], "old rows")["data_types"]["a"]["data_type"] == "NUMERIC"
        assert [log["status"] for log in api.logs(app["project_id"], flow)] == ["SUCCESS"]
        assert api.run(app["project_id"], flow)["status"] == "SUCCESS"


@pytest.mark.parametrize("dump", LAYOUTS, ids=lambda dump: dump.stem)
def test_a_migrated_database_has_the_columns_of_a_new_one_and_a_copy_as_it_was(tmp_path: Path, dump: Path) -> None:
    for name in ("old", "new"):
        (tmp_path / name).mkdir()
    database = written(tmp_path / "old", dump)
    before = columns(database)

    for path in (database, tmp_path / "new" / "platform.sqlite"):
        Store(path).close()

    assert columns(database) == columns(tmp_path / "new" / "platform.sqlite")
    [copy] = (tmp_path / "old").glob("platform.layout-*.sqlite")
    assert columns(copy) == before
    assert copy.stat().st_mode & 0o077 == 0


def test_a_migration_that_fails_leaves_the_database_as_it_was(tmp_path: Path) -> None:
    database = written(tmp_path, LAYOUTS[0])
    connection = sqlite3.connect(database)
    # The last step cannot add this column.
    connection.execute("ALTER TABLE runs ADD COLUMN printed TEXT")
    connection.close()
    before = columns(database)

    with pytest.raises(sqlite3.OperationalError, match="printed"):
        Store(database)

    assert columns(database) == before


def test_a_data_directory_of_a_newer_release_is_refused(tmp_path: Path) -> None:
    connection = sqlite3.connect(tmp_path / "platform.sqlite")
    connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(RuntimeError, match=r"newer release of ikigai-core: platform.sqlite has layout 99.*Upgrade"):
        LocalPlatform.start(data_dir=tmp_path)
