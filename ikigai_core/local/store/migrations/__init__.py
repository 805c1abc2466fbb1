"""Migration of a database that an older release wrote. `<layout>.sql` converts it to the next layout.

SQLite keeps the number of the layout itself, as `user_version`. Tables that are only new need no migration. No
statement may contain a semicolon, except at its end.
"""

from __future__ import annotations

import logging
import os
import sqlite3
from pathlib import Path

LAYOUT = 6

logger = logging.getLogger(__name__)


def migrate(connection: sqlite3.Connection, path: Path) -> None:
    """Bring a database to the layout of this release, after a copy beside it; mark a new one with that layout.

    All steps are one transaction: after a failure, the database is as it was.

    Raises
    ------
    RuntimeError
        If a newer release wrote the database.
    """
    layout = int(connection.execute("PRAGMA user_version").fetchone()[0])
    if layout > LAYOUT:
        raise RuntimeError(
            f"{path.parent} was written by a newer release of ikigai-core: {path.name} has layout {layout}, this "
            f"release knows layouts up to {LAYOUT}. Upgrade ikigai-core, or start with another data directory"
        )
    if layout == LAYOUT:
        return
    if layout:
        copy = _copy(connection, path.with_name(f"{path.stem}.layout-{layout}{path.suffix}"))
        logger.warning("Migrating %s from layout %s to %s; %s is a copy of the old one", path, layout, LAYOUT, copy)
    connection.execute("BEGIN IMMEDIATE")
    try:
        for step in range(layout or LAYOUT, LAYOUT):
            for statement in _statements(step):
                connection.execute(statement)
        connection.execute(f"PRAGMA user_version = {LAYOUT}")
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")


def _copy(connection: sqlite3.Connection, target: Path) -> Path:
    target.unlink(missing_ok=True)
    os.close(os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    copy = sqlite3.connect(target)
    try:
        connection.backup(copy)
    finally:
        copy.close()
    return target


def _statements(layout: int) -> list[str]:
    script = Path(__file__).with_name(f"{layout}.sql").read_text(encoding="utf-8")
    return [statement for statement in script.split(";") if statement.strip()]
