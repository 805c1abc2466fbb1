"""Examination of an uploaded file: whether it is a table, and its columns."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from ikigai_core.local.engine.columns import Column
from ikigai_core.local.engine.csv_files import check_header, check_table, read_first_row
from ikigai_core.local.engine.tables import Tables

_BLOCK = 1 << 20


@dataclass(frozen=True)
class Verdict:
    """Result of an examination.

    Parameters
    ----------
    reason
        Why the file is not a table, and the solution; None if it is one.
    columns
        Column name to `{"data_type", "data_formats"}`, in the order of the file.
    """

    reason: str | None
    columns: dict[str, dict[str, Any]] = field(default_factory=dict)


def examine(path: Path) -> Verdict:
    """Examine a CSV file. Ordinary files are read once; unusual or invalid ones several times."""
    columns = _look_once(path)
    if columns is None:
        reason = check_table(path)
        if reason:
            return Verdict(reason)
        with TemporaryDirectory(prefix="ikigai-") as folder, Tables(Path(folder)) as tables:
            columns = list(tables.infer(tables.read(path, read_first_row(path), skip=1)).columns)
    return Verdict(None, {column.name: column.describe() for column in columns})


def _look_once(path: Path) -> list[Column] | None:
    """Return the columns if DuckDB, which is strict about rows and encoding, accepts the file; None otherwise."""
    # DuckDB reads a quote after a space as the start of a quoted value.
    if not path.stat().st_size or _holds(path, b"\0", b', "', b'\n "', b'\r "'):
        return None
    try:
        names = read_first_row(path)
        # In a single column, DuckDB skips rows without a value.
        if len(names) < 2 or check_header(names):
            return None
        with TemporaryDirectory(prefix="ikigai-") as folder, Tables(Path(folder)) as tables:
            columns = tables.infer_file(path, names)
            # DuckDB accepts a row with too many values if the extra ones are empty.
            is_suspect = _holds(path, b",\n", b",\r") or _ends_with_comma(path)
            return None if is_suspect and tables.has_wide_row(path, len(names)) else columns
    except (duckdb.Error, UnicodeDecodeError, ValueError):
        return None


def _holds(path: Path, *wanted: bytes) -> bool:
    """Return whether a file contains one of these strings of at most three bytes."""
    before = b""
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            text = before + block
            if any(some in text for some in wanted):
                return True
            before = text[-2:]
    return False


def _ends_with_comma(path: Path) -> bool:
    with path.open("rb") as file:
        file.seek(-1, os.SEEK_END)
        return file.read() == b","
