"""A database as Prefect's server has it after its first start, which takes six seconds of CPU time: made once."""

from __future__ import annotations

import fcntl
import os
import shutil
import sqlite3
import sys
from pathlib import Path

import prefect

_PREPARED = Path(sys.prefix) / f"prefect-{prefect.__version__}.db"


class PreparedDatabase:
    """The database that the environment keeps. Where there is none yet, suites that run side by side wait for one.

    Attributes
    ----------
    is_there : bool
        Whether the server has nothing to prepare any more.
    """

    def __init__(self) -> None:
        self._lock = os.open(_PREPARED.with_suffix(".lock"), os.O_CREAT | os.O_WRONLY)
        if not _PREPARED.exists():
            fcntl.flock(self._lock, fcntl.LOCK_EX)
        self.is_there = _PREPARED.exists()
        if self.is_there:
            os.close(self._lock)

    def lay_out(self, database: Path) -> None:
        """Put it where the server looks for its own."""
        if self.is_there:
            shutil.copyfile(_PREPARED, database)

    def keep(self, database: Path) -> None:
        """Keep what a server has prepared."""
        if self.is_there:
            return
        new = _PREPARED.with_suffix(".new")
        new.unlink(missing_ok=True)
        prepared, kept = sqlite3.connect(database), sqlite3.connect(new)
        prepared.backup(kept)
        prepared.close()
        kept.close()
        new.replace(_PREPARED)
        self.is_there = True
        os.close(self._lock)
