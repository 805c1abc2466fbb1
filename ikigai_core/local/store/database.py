"""The database file: one connection, one writer at a time, nested transactions."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ikigai_core.local.problems import RunStoppedError
from ikigai_core.local.store.migrations import migrate


class Database:
    """An SQLite file that survives a sudden end of the process. One that an older release wrote is migrated.

    Parameters
    ----------
    path : Path
        The file; created if it does not exist.

    Raises
    ------
    RuntimeError
        If a newer release wrote the file.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        self._depth = 0
        self._is_closed = False
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        self._connection.row_factory = sqlite3.Row
        self._connection.execute("PRAGMA journal_mode = WAL")
        self._connection.execute("PRAGMA synchronous = NORMAL")
        migrate(self._connection, path)

    @contextmanager
    def transaction(self) -> Iterator[sqlite3.Connection]:
        """Apply the changes inside as one transaction, or as part of the surrounding transaction."""
        with self._lock:
            if self._is_closed:
                raise RunStoppedError
            if self._depth:
                yield self._connection
                return
            self._connection.execute("BEGIN IMMEDIATE")
            self._depth += 1
            try:
                yield self._connection
            except BaseException:
                self._connection.execute("ROLLBACK")
                raise
            else:
                self._connection.execute("COMMIT")
            finally:
                self._depth -= 1

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._is_closed = True
            self._connection.close()
