"""Datasets as Parquet files that give the same CSV again."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from ikigai_core.transfer.arrow_csv import parquet_blocks
from ikigai_core.transfer.csv_text import value_text

_NUMBERS = (pa.int64(), pa.float64())


def keep_table(source: Path, target: Path, *, rows: int | None, clean: Callable[[str], str]) -> int:
    """Write a CSV file to a Parquet file; return the number of rows.

    A column gets a numeric type only if its values are written in the same way again: ``007`` and ``1.50`` stay text.

    Parameters
    ----------
    rows : int or None
        Number of rows to keep; None for all.
    clean : callable
        Applied to each text.
    """
    table = _texts(source, rows)
    columns = [_narrow(_cleaned(column, clean)) for column in table.columns]
    target.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns, names=[clean(name) for name in table.column_names]), target, compression="zstd")
    return int(table.num_rows)


def write_csv(source: Path, target: Path) -> None:
    """Write a Parquet file to a CSV file."""
    schema, rows = pq.read_schema(source), pq.read_metadata(source).num_rows
    if not rows:
        with target.open("w", newline="", encoding="utf-8") as file:
            csv.writer(file).writerow(schema.names)
        return
    with target.open("wb") as file:
        for block in parquet_blocks(source):
            file.write(block)


def _texts(source: Path, rows: int | None) -> pa.Table:
    parsing = pcsv.ParseOptions(newlines_in_values=True)
    names = pcsv.open_csv(source, parse_options=parsing).schema.names
    options = pcsv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
    )
    batches, count = [], 0
    with pcsv.open_csv(source, parse_options=parsing, convert_options=options) as reader:
        schema = reader.schema
        for batch in reader:
            batches.append(batch)
            count += batch.num_rows
            if rows is not None and count >= rows:
                break
    table = pa.Table.from_batches(batches, schema)
    return table if rows is None else table.slice(0, rows)


def _cleaned(column: pa.ChunkedArray, clean: Callable[[str], str]) -> pa.ChunkedArray:
    found = {value: clean(value) for value in column.unique().to_pylist() if value is not None}
    if all(value == cleaned for value, cleaned in found.items()):
        return column
    return pa.chunked_array([[None if value is None else found[value] for value in column.to_pylist()]], pa.string())


def _narrow(column: pa.ChunkedArray) -> pa.ChunkedArray:
    if column.null_count == len(column):
        return column
    for kind in _NUMBERS:
        try:
            numbers = pc.cast(column, kind)
        except pa.ArrowInvalid:
            continue
        again = pa.chunked_array([value_text(chunk) for chunk in numbers.chunks], type=None)
        if pc.all(pc.equal(again.cast(pa.string()), column)).as_py():
            return numbers
    return column
