"""Datasets as Parquet files that give the same CSV again."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

from ikigai_core.transfer.arrow_csv import parquet_blocks
from ikigai_core.transfer.csv_text import value_text

_NUMBERS = (pa.int64(), pa.float64())
_Clean = Callable[[str], str]
# Bytes of CSV that are read at a time. Arrow reads some dozens of such parts ahead.
BLOCK = 1 << 20


def keep_table(source: Path, target: Path, *, rows: int | None, clean: _Clean) -> int:
    """Write a CSV file to a Parquet file; return the number of rows.

    A column gets a numeric type only if its values are written in the same way again: ``007`` and ``1.50`` stay text.
    The file is read twice, in parts: once for the types, and once to write them. So its size does not matter.

    Parameters
    ----------
    rows : int or None
        Number of rows to keep; None for all.
    clean : callable
        Applied to each text.
    """
    names = _names(source)
    judgements = [_Judgement() for _ in names]
    for batch in _texts(source, names, rows):
        for judgement, column in zip(judgements, batch.columns, strict=True):
            judgement.look_at(column, clean)
    schema = pa.schema([(clean(name), judgement.type) for name, judgement in zip(names, judgements, strict=True)])
    target.parent.mkdir(parents=True, exist_ok=True)
    count = 0
    with pq.ParquetWriter(target, schema, compression="zstd") as file:
        for batch in _texts(source, names, rows):
            columns = [judged.read(column, clean) for judged, column in zip(judgements, batch.columns, strict=True)]
            file.write_batch(pa.record_batch(columns, schema=schema))
            count += batch.num_rows
    return count


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


def _names(source: Path) -> list[str]:
    with source.open(newline="", encoding="utf-8-sig") as file:
        return next(csv.reader(file))


def _texts(source: Path, names: list[str], rows: int | None) -> Iterator[pa.RecordBatch]:
    """Yield the first rows of a CSV file as texts, where what is empty is missing."""
    options = pcsv.ConvertOptions(
        column_types=dict.fromkeys(names, pa.string()), null_values=[""], strings_can_be_null=True
    )
    reading, parsing = pcsv.ReadOptions(block_size=BLOCK), pcsv.ParseOptions(newlines_in_values=True)
    with pcsv.open_csv(source, reading, parsing, options) as reader:
        for batch in reader:
            part = batch if rows is None else batch.slice(0, rows)
            yield part
            rows = None if rows is None else rows - part.num_rows
            if rows == 0:
                return


class _Judgement:
    """What is known of a column after some of its values: whether texts have to be cleaned, and which type it has."""

    def __init__(self) -> None:
        self._is_clean = True
        self._has_values = False
        self._possible = list(_NUMBERS)

    @property
    def type(self) -> pa.DataType:
        return self._possible[0] if self._has_values and self._possible else pa.string()

    def look_at(self, column: pa.Array, clean: _Clean) -> None:
        cleaned = _cleaned(column, clean)
        self._is_clean = self._is_clean and cleaned is column
        self._has_values = self._has_values or cleaned.null_count < len(cleaned)
        self._possible = [kind for kind in self._possible if _as_numbers(cleaned, kind) is not None]

    def read(self, column: pa.Array, clean: _Clean) -> pa.Array:
        return pc.cast(column if self._is_clean else _cleaned(column, clean), self.type)


def _cleaned(column: pa.Array, clean: _Clean) -> pa.Array:
    found = {value: clean(value) for value in column.unique().to_pylist() if value is not None}
    if all(value == cleaned for value, cleaned in found.items()):
        return column
    return pa.array([None if value is None else found[value] for value in column.to_pylist()], pa.string())


def _as_numbers(column: pa.Array, kind: pa.DataType) -> pa.Array | None:
    """The column as numbers; None if some would be written otherwise."""
    try:
        numbers = pc.cast(column, kind)
    except pa.ArrowInvalid:
        return None
    is_same = pc.all(pc.equal(pc.cast(value_text(numbers), pa.string()), column)).as_py()
    # Without values, all of them are the same.
    return numbers if is_same is not False else None
