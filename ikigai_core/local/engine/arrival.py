"""Examination of a file while it arrives.

DuckDB reads it through pipes, as if it were files that are read slowly. Each of them gets whole rows, so there are no
borders between parts to care for, and the verdict is that on the whole file.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from ikigai_core.local.engine.columns import Column
from ikigai_core.local.engine.csv_files import check_header, read_first_row
from ikigai_core.local.engine.file_scan import SurpriseError
from ikigai_core.local.engine.row_ends import RowEnds
from ikigai_core.local.engine.row_pipes import RowPipes
from ikigai_core.local.engine.suspicion import HEAD_BYTES, Suspect, suspect
from ikigai_core.local.engine.tables import Tables
from ikigai_core.local.engine.wide_files import WIDE


def examine_arriving(path: Path, ends: Iterable[int]) -> list[Column] | None:
    """Examine a CSV file while it arrives.

    Parameters
    ----------
    path
        The file.
    ends
        How many bytes from its start on are there, again and again; the last one is its size. The iterable waits for
        them, and raises OSError if they stay away.

    Returns
    -------
    list of Column or None
        The columns of an ordinary file. None if the file is unusual or invalid: it has to be examined as a whole.
    """
    coming = iter(ends)
    first = next(coming)
    with TemporaryDirectory(prefix="ikigai-") as folder, Tables(Path(folder)) as tables:
        rows = _first_rows(path, first)
        head = Path(folder) / "head.csv"
        head.write_bytes(rows)
        try:
            names = read_first_row(head)
            if not 2 <= len(names) < WIDE or check_header(names):
                return None
            is_odd = suspect(head, numbers=True).found
            with RowPipes(path, _header_size(rows), itertools.chain([first], coming)) as pipes:
                scan = tables.scan_file(pipes.paths, names, head=head, reads_numbers=lambda: not is_odd)
                pipes.feed(Suspect(numbers=bool(scan.numbers)))
                columns = scan.columns()
            return columns if pipes.commas == scan.commas else None
        except (duckdb.Error, SurpriseError, ValueError):
            return None


def _first_rows(path: Path, end: int) -> bytes:
    """Return the first rows before `end`, without a row that is not at its end; empty if there are none."""
    with path.open("rb") as file:
        head = file.read(min(HEAD_BYTES, end))
    return head[: RowEnds().last(head)]


def _header_size(rows: bytes) -> int:
    """Return how many bytes the first of these rows has."""
    size = rows.index(b"\n") + 1
    # Within a quoted value, the number of quotes so far is odd.
    while rows.count(b'"', 0, size) % 2:
        size = rows.index(b"\n", size) + 1
    return size
