"""Read a downloaded CSV file as a table, or batch by batch."""

from __future__ import annotations

import asyncio
from collections.abc import Generator, Mapping
from pathlib import Path
from typing import Any, Self

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

_BLOCK_BYTES = 4 << 20
_NARROW_TO_WIDE = (
    (pa.int64(), pa.float64()),
    (pa.bool_(),),
    (pa.date32(), pa.timestamp("s"), pa.timestamp("ns")),
    (pa.timestamp("s", "UTC"), pa.timestamp("ns", "UTC")),
)
"""Possible column types. If a batch has values that do not fit, the next wider type is used. All other columns are
text."""


def read_table(path: Path, types: Mapping[str, pa.DataType] | None = None) -> pa.Table:
    """Read the whole file. Empty values are null. Types that are not given are inferred."""
    options = pcsv.ConvertOptions(column_types=dict(types or {}), **_NULLS)
    return pcsv.read_csv(path, parse_options=_parsing(), convert_options=options)


def write_parquet(source: Path, target: Path) -> None:
    """Convert a CSV file to a Parquet file, batch by batch."""
    with Batches(source) as batches, pq.ParquetWriter(target, batches.schema) as writer:
        for batch in batches:
            writer.write_batch(batch)


class Batches:
    """A table in batches of a few MiB, in the order of its rows. Iterate over it with ``for`` or ``async for``.

    Its data are in a file without a name, which is deleted after the last batch, or by `close`. It is also a context
    manager.

    Attributes
    ----------
    schema : pyarrow.Schema
        The types of the columns, the same in every batch.
    """

    def __init__(self, path: Path, *, keep: bool = True) -> None:
        """Determine the columns' types. This reads the whole file once.

        Parameters
        ----------
        path : Path
        keep : bool, default True
            True if the file stays. Otherwise its name is removed at once.
        """
        self._reader = _reader(path, column_types(path))
        self.schema: pa.Schema = self._reader.schema
        self._left: Path | None = None
        if not keep:
            try:
                path.unlink()
            except PermissionError:
                # Windows deletes no file that is open.
                self._left = path

    def __iter__(self) -> Generator[pa.RecordBatch]:
        try:
            for batch in self._reader:
                if batch.num_rows:
                    yield batch
        finally:
            self.close()

    async def __aiter__(self) -> Any:
        batches = iter(self)
        while (batch := await asyncio.to_thread(next, batches, None)) is not None:
            yield batch

    def close(self) -> None:
        """Release the data."""
        self._reader.close()
        if self._left is not None:
            self._left.unlink(missing_ok=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self.close()


def column_types(path: Path) -> dict[str, pa.DataType]:
    """The narrowest type of each column that holds all its values."""
    names = _reader(path, {}).schema.names
    found: dict[str, _Inference] = {name: _Inference() for name in names}
    with _reader(path, dict.fromkeys(names, pa.large_string())) as reader:
        for batch in reader:
            for name, column in zip(names, batch.columns, strict=True):
                found[name].look_at(column)
    return {name: inference.type for name, inference in found.items()}


class _Inference:
    """The type of a column, according to the values so far."""

    def __init__(self) -> None:
        self._ladder: tuple[pa.DataType, ...] | None = None

    @property
    def type(self) -> pa.DataType:
        return self._ladder[0] if self._ladder else pa.string()

    def look_at(self, values: pa.Array) -> None:
        if values.null_count == len(values) or self._ladder == ():
            return
        ladders = _NARROW_TO_WIDE if self._ladder is None else (self._ladder,)
        fitting = (ladder[step:] for ladder in ladders for step in range(len(ladder)) if _fits(values, ladder[step]))
        self._ladder = next(fitting, ())


def _fits(values: pa.Array, kind: pa.DataType) -> bool:
    try:
        pc.cast(values, kind)
    except (pa.ArrowInvalid, pa.ArrowNotImplementedError):
        return False
    return True


# An empty value is null. Strings such as NULL or NA are text.
_NULLS: dict[str, Any] = {"null_values": [""], "strings_can_be_null": True}


def _parsing() -> pcsv.ParseOptions:
    return pcsv.ParseOptions(newlines_in_values=True)


def _reader(path: Path, types: dict[str, pa.DataType]) -> pcsv.CSVStreamingReader:
    return pcsv.open_csv(
        path,
        read_options=pcsv.ReadOptions(block_size=_BLOCK_BYTES, use_threads=True),
        parse_options=_parsing(),
        convert_options=pcsv.ConvertOptions(column_types=types, **_NULLS),
    )
