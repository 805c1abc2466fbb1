"""Examination of an uploaded file: whether it is a table, and its columns."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import duckdb

from ikigai_core.local.engine.columns import Column
from ikigai_core.local.engine.csv_files import check_header, check_table, read_first_row
from ikigai_core.local.engine.tables import Tables
from ikigai_core.local.engine.wide_files import WIDE

if TYPE_CHECKING:
    from ikigai_core.local.engine.suspicion import Suspect


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
    """Examine a CSV file. Ordinary files are read once; unusual, very wide or invalid ones several times."""
    with TemporaryDirectory(prefix="ikigai-") as folder, Tables(Path(folder)) as tables:
        columns = _look_once(path, tables)
        if columns is None:
            reason = check_table(path)
            if reason:
                return Verdict(reason)
            columns = _look_closely(path, tables)
    return Verdict(None, {column.name: column.describe() for column in columns})


def _look_closely(path: Path, tables: Tables) -> list[Column]:
    """Return the columns of a valid file."""
    names = read_first_row(path)
    if len(names) >= WIDE:
        return tables.infer_wide_file(path, names)
    return list(tables.infer(tables.read(path, names, skip=1)).columns)


def _look_once(path: Path, tables: Tables) -> list[Column] | None:
    """Return the columns if DuckDB, which is strict about rows and encoding, accepts the file; None otherwise."""
    try:
        names = read_first_row(path) if path.stat().st_size else []
        # In a single column, DuckDB skips rows without a value.
        if not 2 <= len(names) < WIDE or check_header(names):
            return None
        with ThreadPoolExecutor(1) as beside:
            head = beside.submit(_suspect, path, numbers=True, head_only=True)
            scan = tables.scan_file(path, names, reads_numbers=lambda: not head.result().found)
            suspecting = beside.submit(_suspect, path, numbers=bool(scan.numbers))
            columns = scan.columns()
        suspect_ = suspecting.result()
        if suspect_.is_misread:
            return None
        if suspect_.has_odd_numbers and scan.numbers:
            scan = tables.scan_file(path, names, reads_numbers=lambda: False)
            columns = scan.columns()
        # DuckDB accepts a row with too many values if the extra ones are empty.
        has_more_commas = suspect_.commas != scan.commas
        return None if has_more_commas and tables.has_wide_row(path, len(names)) else columns
    except (duckdb.Error, UnicodeDecodeError, ValueError):
        return None


def _suspect(path: Path, *, numbers: bool, head_only: bool = False) -> Suspect:
    """Look at the bytes of a file, or of about its first rows."""
    # It needs NumPy, whose import takes as long as DuckDB takes for the first rows.
    from ikigai_core.local.engine.suspicion import HEAD_BYTES, suspect

    return suspect(path, numbers=numbers, most=HEAD_BYTES if head_only else sys.maxsize)
