"""Write Arrow batches as CSV, with pandas's text for values: ``True``, ``1.0``, nothing for nulls and NaN."""

from __future__ import annotations

from collections.abc import Generator, Iterable, Iterator
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from ikigai_core.errors import InvalidInputError
from ikigai_core.transfer.csv_text import TEXT, UnsupportedFrameError, pandas_text, quote, rows, value_text
from ikigai_core.transfer.threads import in_order

_CHUNK_BYTES = 1 << 20
_MOST_ROWS = 100_000


def batch_blocks(schema: pa.Schema, batches: Iterable[pa.RecordBatch]) -> Generator[pa.Buffer]:
    """Yield the header and the batches' rows as CSV, block by block.

    Raises
    ------
    InvalidInputError
        There are no columns or no rows.
    """
    if not len(schema):
        raise InvalidInputError("The data has no columns.")
    yield _header(schema.names)
    is_empty = True
    for block in in_order(partial(_batch_rows, piece) for piece in _pieces(batches)):
        is_empty = False
        yield block
    if is_empty:
        raise InvalidInputError(f"The data is empty: it has 0 rows and {len(schema)} columns, or was read before.")


def parquet_blocks(path: Path) -> Generator[pa.Buffer]:
    """Yield the rows of a Parquet file as CSV, without the index that pandas stores beside the columns."""
    with pq.ParquetFile(path, buffer_size=1 << 20, pre_buffer=False) as file:
        schema = file.schema_arrow
        told = (schema.pandas_metadata or {}).get("index_columns", [])
        unnamed = {name for name in told if isinstance(name, str) and name.startswith("__index_level_")}
        columns = [name for name in schema.names if name not in unnamed]
        picked = pa.schema([schema.field(name) for name in columns])
        yield from batch_blocks(picked, file.iter_batches(batch_size=_MOST_ROWS // 2, columns=columns))


def _pieces(batches: Iterable[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    """Split batches that are too large to be written at once."""
    for batch in batches:
        if not batch.num_rows:
            continue
        step = max(1, min(_MOST_ROWS, batch.num_rows * _CHUNK_BYTES // max(_size(batch), 1)))
        for start in range(0, batch.num_rows, step):
            yield batch.slice(start, step)


def _size(batch: pa.RecordBatch) -> int:
    try:
        return int(batch.nbytes)
    except pa.ArrowTypeError:
        # Older releases cannot compute it for views. The size with neighboring data is too large rather than too small.
        return int(batch.get_total_buffer_size())


def _batch_rows(batch: pa.RecordBatch) -> pa.Buffer:
    return rows([_text(column) for column in batch.columns])


def _text(column: pa.Array) -> pa.Array:
    try:
        return value_text(_without_nan(column))
    except (UnsupportedFrameError, pa.ArrowNotImplementedError):
        return _as_pandas_writes(column)


def _without_nan(column: pa.Array) -> pa.Array:
    if pa.types.is_float32(column.type) or pa.types.is_float64(column.type):
        return pc.if_else(pc.is_nan(column), None, column)
    return column


def _as_pandas_writes(column: pa.Array) -> pa.Array:
    import pandas as pd

    if pa.types.is_timestamp(column.type):
        # Convert one by one, so that the text of a value does not depend on its neighbors.
        return pandas_text(pd.Series(column, dtype=pd.ArrowDtype(column.type)))
    return pandas_text(column.to_pandas(date_as_object=True))


def _header(names: list[str]) -> pa.Buffer:
    quoted = [quote(pa.array([name], TEXT)) for name in names]
    return rows(quoted)
