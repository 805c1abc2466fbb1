"""The examination of an uploaded file: is it a table, and of what columns."""

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
    """What an examination found.

    Parameters
    ----------
    reason
        Why the file is no table, and what to do; None where it is one.
    columns
        Column name to `{"data_type", "data_formats"}`, in the file's order.
    """

    reason: str | None
    columns: dict[str, dict[str, Any]] = field(default_factory=dict)


def examine(path: Path) -> Verdict:
    """Examine a CSV file. One that is like most is read once; others, and those with a fault, several times."""
    columns = _look_once(path)
    if columns is None:
        reason = check_table(path)
        if reason:
            return Verdict(reason)
        with TemporaryDirectory(prefix="ikigai-") as folder, Tables(Path(folder)) as tables:
            columns = list(tables.infer(tables.read(path, read_first_row(path), skip=1)).columns)
    return Verdict(None, {column.name: column.describe() for column in columns})


def _look_once(path: Path) -> list[Column] | None:
    """Give the columns of a file that DuckDB reads without a complaint, which is strict about rows and encoding."""
    # It takes a quote after a space for the start of a quoted value.
    if not path.stat().st_size or _holds(path, b"\0", b', "', b'\n "', b'\r "'):
        return None
    try:
        names = read_first_row(path)
        # Of a single column DuckDB leaves rows without a value out.
        if len(names) < 2 or check_header(names):
            return None
        with TemporaryDirectory(prefix="ikigai-") as folder, Tables(Path(folder)) as tables:
            columns = tables.infer_file(path, names)
            # It takes a row that has empty values too many for one without them.
            is_suspect = _holds(path, b",\n", b",\r") or _ends_with_comma(path)
            return None if is_suspect and tables.has_wide_row(path, len(names)) else columns
    except (duckdb.Error, UnicodeDecodeError, ValueError):
        return None


def _holds(path: Path, *wanted: bytes) -> bool:
    """Whether one of these occurs in a file; none is longer than three bytes."""
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
