"""Dagster's SQLite databases at a fraction of their cost; what is in them is as it always is.

By itself, Dagster reads all its migrations for each database that it makes or opens, makes an engine, which compiles
each statement anew, for each access, and waits for the disk each time. An instance has a database for each run. Here,
migrations are read once and engines kept; and only a machine that loses its power, not a process that is killed,
loses what was written. Importing this module sees to that.
"""

from __future__ import annotations

import logging
import sqlite3
from types import ModuleType
from typing import Any

import sqlalchemy
from alembic.config import Config
from alembic.script import ScriptDirectory
from dagster._core.storage import sql
from dagster._core.storage.event_log.sqlite import sqlite_event_log
from dagster._core.storage.runs.sqlite import sqlite_run_storage
from dagster._core.storage.schedules.sqlite import sqlite_schedule_storage

_read_anew = ScriptDirectory.from_config
_migrations: dict[str | None, ScriptDirectory] = {}
_engines: dict[tuple[str, str], sqlalchemy.Engine] = {}


def _read_once(config: Config) -> ScriptDirectory:
    location = config.get_main_option("script_location")
    if location not in _migrations:
        _migrations[location] = _read_anew(config)
        _migrations[location].get_heads()
    return _migrations[location]


def _made_once(url: str, **options: Any) -> sqlalchemy.Engine:
    """An engine, whose connections are closed after each use: a process that is forked takes none along."""
    key = (url, repr(options))
    if key not in _engines:
        _engines[key] = sqlalchemy.create_engine(url, **options)
    return _engines[key]


def _wait_for_no_disk(connection: Any, record: object) -> None:
    if isinstance(connection, sqlite3.Connection):
        connection.execute("PRAGMA synchronous = OFF")


# Of instances in memory that are left to the garbage collector, which takes their parts in any order.
logging.getLogger("sqlalchemy.pool").setLevel(logging.CRITICAL)

_storages: list[ModuleType] = [sqlite_event_log, sqlite_run_storage, sqlite_schedule_storage]
for _storage in _storages:
    _storage.create_engine = _made_once  # type: ignore[attr-defined]
sqlalchemy.event.listen(sqlalchemy.Engine, "connect", _wait_for_no_disk)
ScriptDirectory.from_config = staticmethod(_read_once)  # type: ignore[method-assign, assignment]
_read_once(sql.get_alembic_config(sql.__file__, "runs/sqlite/alembic/alembic.ini"))
