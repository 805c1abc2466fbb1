"""Inference of the column types of files and tables with very many columns.

DuckDB plans a query in a time that grows with the square of its columns. Here, each value becomes a row of a long
table, and each column a group of rows.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from ikigai_core.local.engine.columns import column_keys
from ikigai_core.local.engine.csv_files import read_with_arrow
from ikigai_core.local.engine.inference import (
    SAMPLE_ROWS,
    Inferred,
    Questions,
    Seen,
    expressions_for,
    infer,
    read_answers,
)

if TYPE_CHECKING:
    import pyarrow as pa

# From here on, the long table is faster.
WIDE = 100


# A list of that many columns is still planned in no time.
_AT_ONCE = 1_000


def infer_wide_file(connection: duckdb.DuckDBPyConnection, path: Path, width: int) -> list[Inferred]:
    """Infer the types of the columns of a valid CSV file with a header."""
    read_with_arrow(connection, path, "cells", width, skip=1, reshape=_cells)
    return _infer_cells(connection, "cells", width)


def infer_wide_table(connection: duckdb.DuckDBPyConnection, table: str, keys: Sequence[str]) -> list[Inferred]:
    """Infer the types of text columns of a table."""
    judged: list[Inferred] = []
    for start in range(0, len(keys), _AT_ONCE):
        some = keys[start : start + _AT_ONCE]
        cells = (
            f"(SELECT unnest(range({len(some)})) AS number, rowid AS position, unnest([{', '.join(some)}]) AS value "
            f"FROM {table})"
        )
        judged += _infer_cells(connection, cells, len(some))
    return judged


def _infer_cells(connection: duckdb.DuckDBPyConnection, cells: str, width: int) -> list[Inferred]:
    """Infer the types of columns from a long table, or another SQL expression that can stand after FROM."""
    keys = column_keys(width)

    def look(asked: Mapping[str, Questions], is_sample: bool) -> dict[str, Seen]:
        groups: dict[Questions, list[int]] = defaultdict(list)
        for number, key in enumerate(keys):
            if asked.get(key):
                groups[asked[key]].append(number)
        seen = dict.fromkeys(asked, Seen())
        for questions, numbers in groups.items():
            rows = f"position < {SAMPLE_ROWS}" if is_sample else "true"
            found = connection.execute(
                f"SELECT number, {', '.join(expressions_for(questions, 'value'))} FROM {cells} "
                f"WHERE {rows} AND number IN (SELECT unnest(?::INTEGER[])) GROUP BY number",
                [numbers],
            ).fetchall()
            seen |= {keys[number]: read_answers(questions, iter(answers)) for number, *answers in found}
        return seen

    return infer(look, keys)


def _cells(rows: pa.RecordBatchReader) -> pa.RecordBatchReader:
    """Return the values of rows: the number of the column, the position of the row, the value."""
    import numpy as np
    import pyarrow as pa

    schema = pa.schema([("number", pa.int32()), ("position", pa.int64()), ("value", pa.string())])
    width = len(rows.schema)

    def batches() -> Iterator[pa.RecordBatch]:
        position = 0
        for batch in rows:
            count = batch.num_rows
            numbers = np.repeat(np.arange(width, dtype=np.int32), count)
            positions = np.tile(np.arange(position, position + count, dtype=np.int64), width)
            yield pa.record_batch([numbers, positions, pa.concat_arrays(batch.columns)], schema=schema)
            position += count

    return pa.RecordBatchReader.from_batches(schema, batches())
