"""CSV in and out: the dialect, the verdict on a file, reading into DuckDB and writing from it.

The dialect is RFC 4180: commas, double quotes, UTF-8, any line ending. A field without quotes and without text is
missing; a quoted empty one is empty text.
"""

from __future__ import annotations

import csv
import itertools
import sys
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from ikigai_core.local.engine.columns import column_keys, quote

if TYPE_CHECKING:
    from _csv import Reader

_CHUNK_BYTES = 1 << 20
# What the second reader can take in one value.
_LARGEST_BLOCK_BYTES = 256 << 20

csv.field_size_limit(min(sys.maxsize, 2**31 - 1))


def check_table(csv_path: Path | str) -> str | None:
    """Say why a CSV file cannot be a dataset.

    Returns
    -------
    str or None
        What is wrong, where, and what to do; None where nothing is.
    """
    path = Path(csv_path)
    if not path.stat().st_size:
        return "The file is empty; a table needs at least a header line with its column names."
    encoding_problem = _check_encoding(path)
    if encoding_problem:
        return encoding_problem
    with path.open(newline="", encoding="utf-8-sig") as file:
        reader = csv.reader(file, strict=True)
        try:
            header = next(reader, [])
            return check_header(header) or _check_rows(reader, header)
        except csv.Error as error:
            return (
                f"The row that ends in line {reader.line_num} is not well-formed CSV ({error}); "
                "put values that hold quotes in quotes, and write each quote in them twice."
            )


def _check_encoding(path: Path) -> str | None:
    line = 1
    rest = b""
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            data = rest + chunk
            # A character may straddle two chunks, a line feed never does.
            cut = data.rfind(b"\n") + 1
            rest = data[cut:]
            problem = _check_bytes(data[:cut], line)
            if problem:
                return problem
            line += data[:cut].count(b"\n")
    return _check_bytes(rest, line)


def _check_bytes(data: bytes, first_line: int) -> str | None:
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        line = first_line + data[: error.start].count(b"\n")
        return f"Line {line} is not UTF-8 (byte 0x{data[error.start]:02x}); save the file with UTF-8 encoding."
    position = data.find(b"\0")
    if position >= 0:
        line = first_line + data[:position].count(b"\n")
        return f"Line {line} holds a NUL byte, so this is no text file; upload a CSV file."
    return None


def check_header(header: Sequence[str]) -> str | None:
    """Say why names cannot be the columns of a table; None where they can."""
    if not header:
        return "The first line is empty; it has to hold the column names."
    for position, name in enumerate(header, start=1):
        if not name.strip():
            return f"Column {position} of {len(header)} has no name; give it one in the header line."
    repeated = [name for name, times in Counter(header).items() if times > 1]
    if repeated:
        return f"Column name '{repeated[0]}' occurs {header.count(repeated[0])} times; column names have to differ."
    return None


def _check_rows(reader: Reader, header: list[str]) -> str | None:
    width = len(header)
    first_line = reader.line_num + 1
    for row in reader:
        # An empty line is a missing value in a table of one column, and nothing at all in others.
        if row and len(row) != width:
            hint = " The header holds semicolons: values are to be separated by commas." if ";" in header[0] else ""
            return (
                f"The row in line {first_line} has {_values(len(row))}, but the header has {_values(width)}; "
                f"put values that hold commas in quotes.{hint}"
            )
        first_line = reader.line_num + 1
    return None


def _values(count: int) -> str:
    return "1 value" if count == 1 else f"{count} values"


def read_first_row(csv_path: Path | str, skip: int = 0) -> list[str]:
    """Give the first row of a CSV file after `skip` rows; empty where there is none."""
    with Path(csv_path).open(newline="", encoding="utf-8-sig") as file:
        rows = csv.reader(file)
        for _ in range(skip):
            next(rows, None)
        return next(rows, [])


def read_csv(
    connection: duckdb.DuckDBPyConnection, path: Path, table: str, width: int, skip: int, null_mark: str = ""
) -> None:
    """Read a CSV file into a new table of text columns `c0`, `c1`, …; rows keep their order.

    Parameters
    ----------
    width
        Number of columns.
    skip
        Number of rows to leave out at the start (1 for a header).
    null_mark
        What a missing value looks like.
    """
    # DuckDB reads faster and does without pyarrow's import, but gives up on mixed line endings, drops empty lines of
    # single-column files with these, and cannot skip rows that hold line feeds (only a header).
    if width > 1 and skip <= 1:
        try:
            connection.execute(
                f"CREATE TABLE {table} AS SELECT * FROM {scan(path, width, header=skip == 1, null_mark=null_mark)}"
            )
        except duckdb.Error:
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        else:
            return
    _read_with_arrow(connection, path, table, width, skip, null_mark)


def scan(path: Path, width: int, *, header: bool, null_mark: str = "", padded: bool = False) -> str:
    """Give the SQL expression of a CSV file's rows as text columns `c0`, `c1`, …; most files can be read so."""
    columns = ", ".join(f"'{key}': 'VARCHAR'" for key in column_keys(width))
    return (
        f"read_csv({quote(str(path))}, columns = {{{columns}}}, auto_detect = false, header = {str(header).lower()}, "
        f"delim = ',', quote = '\"', escape = '\"', nullstr = {quote(null_mark)}, allow_quoted_nulls = false, "
        f"strict_mode = true, null_padding = {str(padded).lower()})"
    )


def _read_with_arrow(
    connection: duckdb.DuckDBPyConnection, path: Path, table: str, width: int, skip: int, null_mark: str
) -> None:
    import pyarrow as pa
    from pyarrow import csv as arrow_csv

    keys = column_keys(width)
    schema = pa.schema([(key, pa.string()) for key in keys])
    largest = min(max(path.stat().st_size, 1), _LARGEST_BLOCK_BYTES)
    for block_bytes in (min(_CHUNK_BYTES * 4, largest), largest):
        try:
            batches: pa.RecordBatchReader = arrow_csv.open_csv(
                path,
                arrow_csv.ReadOptions(column_names=keys, skip_rows_after_names=skip, block_size=block_bytes),
                arrow_csv.ParseOptions(newlines_in_values=True, ignore_empty_lines=width > 1),
                arrow_csv.ConvertOptions(
                    column_types=schema,
                    null_values=[null_mark],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=width == 1,
                ),
            )
        except pa.ArrowInvalid as error:
            # A header without a line end is to Arrow a row that goes on in the next block.
            if "Empty CSV file" in str(error) or not _has_row(path, skip):
                batches = pa.RecordBatchReader.from_batches(schema, [])
            elif block_bytes < largest:
                continue
            else:
                raise
        connection.register("batches", batches)
        try:
            connection.execute(f"CREATE TABLE {table} AS SELECT * FROM batches")
            return
        except duckdb.Error:
            if block_bytes >= largest:
                raise
        finally:
            connection.unregister("batches")


def _has_row(path: Path, skip: int) -> bool:
    """Whether there is a row after those that are left out; one of no values counts."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        return next(itertools.islice(csv.reader(file), skip, None), None) is not None


def write_csv(
    connection: duckdb.DuckDBPyConnection, source: str, keys: Sequence[str], names: Sequence[str] | None, path: Path
) -> None:
    """Write columns of a table to a CSV file, in row order.

    Parameters
    ----------
    source
        Table's name.
    names
        What the header says; None for a file without one.
    """
    # The header goes out as a row: as DuckDB's header, names that differ only in case would be changed.
    single = len(keys) == 1
    rows = f"SELECT {', '.join(f'''coalesce({key}, '')''' if single else key for key in keys)} FROM {source}"
    if names is not None:
        rows = f"SELECT {', '.join(map(quote, names))} UNION ALL {rows}"
    # With a single column, a missing value would be an empty line, which readers take for no row at all.
    options = ", FORCE_QUOTE *" if single else ""
    connection.execute(
        f"COPY ({rows}) TO {quote(str(path))} "
        f"(FORMAT csv, HEADER false, DELIMITER ',', QUOTE '\"', ESCAPE '\"', NULLSTR ''{options})"
    )
