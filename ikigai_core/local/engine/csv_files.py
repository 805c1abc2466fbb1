"""CSV files: their dialect, their check, reading them into DuckDB and writing them from it.

The dialect is RFC 4180: commas, double quotes, UTF-8, any line ending. An empty field without quotes is a missing
value; a quoted empty field is an empty text.
"""

from __future__ import annotations

import csv
import itertools
import sys
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from ikigai_core.local.engine.columns import column_keys, quote

if TYPE_CHECKING:
    from _csv import Reader

    import duckdb
    import pyarrow as pa

_CHUNK_BYTES = 1 << 20
# For more columns, DuckDB's writer needs more memory than it may use.
_VERY_WIDE = 1_000
_ROWS_AT_ONCE = 1_000
# Size limit for one value in the second reader.
_LARGEST_BLOCK_BYTES = 256 << 20

csv.field_size_limit(min(sys.maxsize, 2**31 - 1))


def check_table(csv_path: Path | str) -> str | None:
    """Return the reason why a CSV file cannot be a dataset.

    Returns
    -------
    str or None
        The problem, its place and its solution; None if the file is valid.
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
            # A character can span two chunks, a line feed cannot.
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
    """Return the reason why these names cannot be the columns of a table; None if they can."""
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
        # An empty line is a missing value if the table has one column, and is ignored otherwise.
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
    """Return the first row of a CSV file after `skip` rows; empty if there is none."""
    with Path(csv_path).open(newline="", encoding="utf-8-sig") as file:
        rows = csv.reader(file)
        for _ in range(skip):
            next(rows, None)
        return next(rows, [])


def read_csv(
    connection: duckdb.DuckDBPyConnection, path: Path, table: str, width: int, skip: int, null_mark: str = ""
) -> None:
    """Read a CSV file into a new table of text columns `c0`, `c1`, …, in the order of its rows.

    Parameters
    ----------
    width
        Number of columns.
    skip
        Number of rows to skip at the start (1 for a header).
    null_mark
        Text of a missing value.
    """
    import duckdb

    # DuckDB is faster and avoids the import of pyarrow. But it fails on mixed line endings, drops empty lines of
    # single-column files, and cannot skip rows that contain line feeds, except a header.
    if width > 1 and skip <= 1:
        try:
            connection.execute(
                f"CREATE TABLE {table} AS SELECT * FROM {scan(path, width, header=skip == 1, null_mark=null_mark)}"
            )
        except duckdb.Error:
            connection.execute(f"DROP TABLE IF EXISTS {table}")
        else:
            return
    read_with_arrow(connection, path, table, width, skip, null_mark)


def scan(
    path: Path | Sequence[Path],
    width: int,
    *,
    header: bool,
    null_mark: str = "",
    padded: bool = False,
    numbers: Collection[str] = (),
    buffer_bytes: int | None = None,
) -> str:
    """Return the SQL expression that reads CSV files as columns `c0`, `c1`, …; it suits most files.

    All are text but `numbers`, which DuckDB reads much faster than it can convert their text.
    """
    types = ["DOUBLE" if key in numbers else "VARCHAR" for key in column_keys(width)]
    options = f"auto_detect = false, header = {str(header).lower()}, null_padding = {str(padded).lower()}"
    if buffer_bytes is not None:
        options += f", buffer_size = {buffer_bytes}"
    return _scan([path] if isinstance(path, Path) else path, types, null_mark, options)


def typed_scan(path: Path, types: Sequence[str]) -> str:
    """Return the SQL expression that reads a CSV file with a header as columns `c0`, `c1`, … of these SQL types.

    It fails where a value is none of its type. Otherwise it reads as `scan` does; few columns of many it reads faster.
    """
    # All that DuckDB would detect is given. Why it is faster then, only DuckDB knows.
    return _scan([path], types, "", "auto_detect = true, header = true, skip = 0, comment = '', null_padding = false")


def _scan(paths: Sequence[Path], types: Sequence[str], null_mark: str, options: str) -> str:
    columns = ", ".join(f"'{key}': '{kind}'" for key, kind in zip(column_keys(len(types)), types, strict=True))
    files = ", ".join(quote(str(path)) for path in paths)
    return (
        f"read_csv([{files}], columns = {{{columns}}}, delim = ',', quote = '\"', escape = '\"', "
        f"nullstr = {quote(null_mark)}, allow_quoted_nulls = false, strict_mode = true, {options})"
    )


def read_with_arrow(
    connection: duckdb.DuckDBPyConnection,
    path: Path,
    table: str,
    width: int,
    skip: int,
    null_mark: str = "",
    reshape: Callable[[pa.RecordBatchReader], pa.RecordBatchReader] = lambda rows: rows,
) -> None:
    """Read a CSV file into a new table as `read_csv` does, without DuckDB's reader; `reshape` may change its rows."""
    import duckdb
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
            # For Arrow, a header without a line end is a row that continues in the next block.
            if "Empty CSV file" in str(error) or not _has_row(path, skip):
                batches = pa.RecordBatchReader.from_batches(schema, [])
            elif block_bytes < largest:
                continue
            else:
                raise
        connection.register("batches", reshape(batches))
        try:
            connection.execute(f"CREATE TABLE {table} AS SELECT * FROM batches")
            return
        except duckdb.Error:
            if block_bytes >= largest:
                raise
        finally:
            connection.unregister("batches")


def _has_row(path: Path, skip: int) -> bool:
    """Return whether there is a row after the skipped ones, even one without values."""
    with path.open(newline="", encoding="utf-8-sig") as file:
        return next(itertools.islice(csv.reader(file), skip, None), None) is not None


def write_csv(
    connection: duckdb.DuckDBPyConnection, source: str, keys: Sequence[str], names: Sequence[str] | None, path: Path
) -> int:
    """Write columns of a table to a CSV file, in row order; return the number of rows.

    Parameters
    ----------
    source
        A table, or any other SQL expression that can stand after FROM.
    names
        Names in the header; None for no header.
    """
    if len(keys) >= _VERY_WIDE:
        return _write_lines(connection, source, keys, names, path)
    # The header is written as a row: DuckDB's own header would change names that differ only in case.
    single = len(keys) == 1
    rows = f"SELECT {', '.join(f'''coalesce({key}, '')''' if single else key for key in keys)} FROM {source}"
    if names is not None:
        rows = f"SELECT {', '.join(map(quote, names))} UNION ALL {rows}"
    # Without quotes, a missing value in a single column would be an empty line, which readers ignore.
    options = ", FORCE_QUOTE *" if single else ""
    (written,) = connection.execute(
        f"COPY ({rows}) TO {quote(str(path))} "
        f"(FORMAT csv, HEADER false, DELIMITER ',', QUOTE '\"', ESCAPE '\"', NULLSTR ''{options})"
    ).fetchall()
    return int(written[0]) - (names is not None)


def _write_lines(
    connection: duckdb.DuckDBPyConnection, source: str, keys: Sequence[str], names: Sequence[str] | None, path: Path
) -> int:
    """Write columns as `write_csv` does, each row put together to a line."""
    # As DuckDB's writer quotes. One expression for all values is planned much faster than one for each column.
    quoted = (
        "CASE WHEN value IS NULL THEN '' WHEN value = '' OR regexp_matches(value, '[\",#\\r\\n]') "
        "THEN '\"' || replace(value, '\"', '\"\"') || '\"' ELSE value END"
    )
    values = f"list_transform([{', '.join(keys)}], lambda value: {quoted})"
    count = 0
    lines = connection.execute(f"SELECT array_to_string({values}, ',') FROM {source}")
    with path.open("w", encoding="utf-8", newline="") as file:
        if names is not None:
            csv.writer(file, lineterminator="\n").writerow(names)
        while rows := lines.fetchmany(_ROWS_AT_ONCE):
            file.writelines(f"{line}\n" for (line,) in rows)
            count += len(rows)
    return count
