"""DuckDB instances that wait for their next user, since making one takes longer than what most flows do with it.

A process that forks workers makes one before, and each worker begins with it.
"""

from __future__ import annotations

import atexit
from pathlib import Path
from typing import Any

import duckdb

from ikigai_core.local.engine.columns import quote

_DATABASE = "tables"
# A fork has no threads but its own. Those for reading from the network (`async_threads`) are never needed.
_WITHOUT_THREADS: dict[str, Any] = {"threads": 1}
if int(duckdb.__version__.split(".")[0]) >= 2:
    _WITHOUT_THREADS["async_threads"] = 0

_idle: list[duckdb.DuckDBPyConnection] = []
# DuckDB complains about what is left when Python has ended.
atexit.register(_idle.clear)


def make_ready() -> None:
    """Make an instance, unless there is one, that processes forked from this one begin with."""
    if not _idle:
        _idle.append(_new())


class Instance:
    """A DuckDB instance with an empty database, for one user at a time.

    Parameters
    ----------
    spill
        Folder for data that does not fit in memory.
    """

    def __init__(self, spill: Path) -> None:
        try:
            self._base = _idle.pop()
        except IndexError:
            self._base = _new()
        try:
            self._begin(spill)
        except duckdb.NotImplementedException:
            # Once it has spilled, the folder cannot be changed.
            self._base.close()
            self._base = _new()
            self._begin(spill)

    def connect(self) -> duckdb.DuckDBPyConnection:
        """Return another connection to the database."""
        connection = self._base.cursor()
        connection.execute(f"USE {_DATABASE}")
        return connection

    def close(self) -> None:
        """Drop the database, whose connections have to be closed before, and keep the instance for the next user."""
        try:
            self._base.execute(f"DETACH {_DATABASE}")
        except duckdb.Error:
            # An internal error has made it invalid.
            self._base.close()
        else:
            _idle.append(self._base)

    def _begin(self, spill: Path) -> None:
        self._base.execute(f"SET temp_directory = {quote(str(spill))}")
        self._base.execute("RESET threads")
        self._base.execute(f"ATTACH ':memory:' AS {_DATABASE}")


def _new() -> duckdb.DuckDBPyConnection:
    return duckdb.connect(config=_WITHOUT_THREADS)
