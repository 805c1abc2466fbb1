"""Write a pandas frame as CSV, chunk by chunk. The result equals `DataFrame.to_csv` without the index.

There are two intended differences. The number of decimals of a timestamp column depends on the whole column, while
pandas decides for each of its chunks. And a single carriage return is quoted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from ikigai_core.transfer.csv_text import (
    TEXT,
    UnsupportedFrameError,
    append,
    pandas_text,
    rows,
    timestamp_text,
    value_text,
)
from ikigai_core.transfer.threads import in_order

if TYPE_CHECKING:
    import pandas as pd

CHUNK_BYTES = 3 << 19
"""Approximate size of a CSV chunk. A multiple of it is needed in addition to the frame itself."""

_SAMPLE_ROWS = 200
_MOST_ROWS = 100_000
_BYTES_OF_A_VALUE = 12
_NUMBERS_AT_ONCE = 1 << 14
_UNITS = {"D": 86_400_000_000_000, "s": 1_000_000_000, "ms": 1_000_000, "us": 1_000, "ns": 1}
"""Nanoseconds per unit, the coarsest unit first."""

Chunk = Callable[[], pa.Buffer]
_Encoder = Callable[[int, int], pa.Array]
_GroupEncoder = Callable[[int, int], list[pa.Array]]


def frame_blocks(frame: pd.DataFrame) -> Iterator[pa.Buffer]:
    """Yield the frame's CSV, block by block. A few blocks are made concurrently, ahead of the reader."""
    return in_order(_chunks(frame))


def _chunks(frame: pd.DataFrame) -> Iterator[Chunk]:
    yield lambda: _header(frame)
    step = _rows_at_once(frame)
    encoders = list(_encoders(frame, step))
    for start in range(0, len(frame), step):
        yield _chunk(encoders, start, min(start + step, len(frame)))


def _chunk(encoders: list[_GroupEncoder], start: int, end: int) -> Chunk:
    return lambda: rows([text for encode in encoders for text in encode(start, end)])


def _header(frame: pd.DataFrame) -> pa.Buffer:
    # With this line end, a single carriage return is quoted too. Several levels have several lines.
    end = "\r\n" if frame.columns.nlevels == 1 else "\n"
    text = frame.iloc[:0].to_csv(index=False, lineterminator=end)
    return pa.py_buffer(f"{text.removesuffix(end)}\n".encode())


def _rows_at_once(frame: pd.DataFrame) -> int:
    sample = frame.iloc[:: max(len(frame) // _SAMPLE_ROWS, 1)].iloc[:_SAMPLE_ROWS]
    text = sum(
        sum(len(value) for value in column if isinstance(value, str)) / max(len(sample), 1)
        for _, column in sample.items()
        if column.dtype.kind == "O" or column.dtype == "str"
    )
    return int(max(1, min(_MOST_ROWS, CHUNK_BYTES // (text + _BYTES_OF_A_VALUE * frame.shape[1]))))


def _encoders(frame: pd.DataFrame, rows_at_once: int) -> Iterator[_GroupEncoder]:
    """Functions that write a part of the columns, from left to right."""
    at_once = max(1, _NUMBERS_AT_ONCE // rows_at_once)
    columns = [frame.iloc[:, position] for position in range(frame.shape[1])]
    for number_type, group in groupby(columns, lambda column: str(column.dtype) if _is_number(column.dtype) else ""):
        neighbors = list(group)
        if number_type:
            for first in range(0, len(neighbors), at_once):
                yield _numbers_encoder(neighbors[first : first + at_once])
        else:
            yield _each([_encoder(column) for column in neighbors])


def _is_number(dtype: Any) -> bool:
    return isinstance(dtype, np.dtype) and (dtype.kind in "biu" or dtype in (np.float32, np.float64))


def _numbers_encoder(columns: list[pd.Series[Any]]) -> _GroupEncoder:
    """Write columns of one type at once: in a wide frame, a call for each would take longer than its few values."""
    arrays = [column.to_numpy() for column in columns]

    def encode(start: int, end: int) -> list[pa.Array]:
        values = np.concatenate([array[start:end] for array in arrays])
        text = value_text(pa.array(values, from_pandas=True))
        return [text.slice(place, end - start) for place in range(0, len(text), end - start)]

    return encode


def _each(encoders: list[_Encoder]) -> _GroupEncoder:
    return lambda start, end: [encode(start, end) for encode in encoders]


def _encoder(column: pd.Series[Any]) -> _Encoder:
    """A function that writes a part of a column's values. Decisions that need the whole column are made here."""
    import pandas as pd

    dtype: Any = column.dtype
    if isinstance(dtype, pd.CategoricalDtype) and dtype.categories.dtype.kind in "Mm":
        return _encoder(column.astype(dtype.categories.dtype))
    if dtype.kind in "Mm" and not isinstance(dtype, pd.ArrowDtype):
        return _timestamp_encoder(column) if dtype.kind == "M" else _duration_encoder(column)
    to_arrow = _arrow_values(dtype)
    # Slices of these are cheaper than slices of the column.
    values = column.to_numpy() if isinstance(dtype, np.dtype) else column.array

    def encode(start: int, end: int) -> pa.Array:
        try:
            return value_text(to_arrow(values[start:end]))
        except (UnsupportedFrameError, pa.ArrowNotImplementedError):
            return pandas_text(column.iloc[start:end])

    return encode


def _arrow_values(dtype: Any) -> Callable[[Any], pa.Array]:
    """A function that converts an array of a type to Arrow, so that its text equals that of pandas."""
    import pandas as pd

    if isinstance(dtype, np.dtype) and dtype.kind == "O":
        return _object_values
    if isinstance(dtype, pd.StringDtype):
        return _one_array
    if isinstance(dtype, pd.ArrowDtype):
        return _arrow_backed_values
    if isinstance(dtype, pd.CategoricalDtype) and dtype.categories.dtype.kind != "c":
        return _category_values(dtype.categories)
    if getattr(dtype, "kind", "") in "biuf" and hasattr(dtype, "numpy_dtype"):
        return _masked_values
    return _unsupported


def _object_values(part: Any) -> pa.Array:
    import pandas as pd

    if pd.api.types.infer_dtype(part, skipna=True) not in ("string", "empty"):
        raise UnsupportedFrameError("objects")
    return pa.array(part, TEXT, mask=pd.isna(part))


def _arrow_backed_values(part: Any) -> pa.Array:
    values = _one_array(part)
    # pandas passes them to the csv module as Python floats.
    return pc.cast(values, pa.float64()) if values.type == pa.float32() else values


def _masked_values(part: Any) -> pa.Array:
    values = _one_array(part)
    if values.type == pa.float16():
        raise UnsupportedFrameError("half precision")
    if pa.types.is_floating(values.type):
        return pc.if_else(pc.is_nan(values), None, values)
    return values


def _category_values(categories: pd.Index[Any]) -> Callable[[Any], pa.Array]:
    texts = pa.array([str(value) for value in categories.astype(object)], TEXT)
    return lambda part: pa.DictionaryArray.from_arrays(pa.array(part.codes, mask=part.codes < 0), texts)


def _unsupported(part: Any) -> pa.Array:
    raise UnsupportedFrameError(str(part.dtype))


def _one_array(values: Any) -> pa.Array:
    array = pa.array(values)
    return array.combine_chunks() if isinstance(array, pa.ChunkedArray) else array


def _timestamp_encoder(column: pd.Series[Any]) -> _Encoder:
    zone = getattr(column.dtype, "tz", None)
    if zone is not None and _writes_zoned_one_by_one():
        return lambda start, end: pandas_text(column.iloc[start:end])
    unit = _coarsest_unit(column, has_zone=zone is not None)
    if zone is None:
        stamps = column.to_numpy()
        return lambda start, end: timestamp_text(pa.array(stamps[start:end], from_pandas=True), unit)

    def encode(start: int, end: int) -> pa.Array:
        part = column.iloc[start:end]
        local = part.dt.tz_localize(None).to_numpy()
        text = timestamp_text(pa.array(local, from_pandas=True), unit)
        return append(text, _offset_text(local - _absolute(part)))

    return encode


@cache
def _writes_zoned_one_by_one() -> bool:
    """True if this pandas release writes each timestamp with its own number of decimals if there is a zone."""
    import pandas as pd

    stamps = pd.Series(np.array([0, 500], "M8[ms]")).dt.tz_localize("UTC")
    return bool(pc.max(pc.utf8_length(pandas_text(stamps))).as_py() != len("1970-01-01 00:00:00.000+00:00"))


def _duration_encoder(column: pd.Series[Any]) -> _Encoder:
    import pandas as pd

    # pandas writes durations in the finest unit of a series, so a value of that unit is added to each part.
    unit = _coarsest_unit(column, has_zone=False)
    finest = pd.Series(np.array([1], f"m8[{unit}]")).astype(column.dtype)

    def encode(start: int, end: int) -> pa.Array:
        return pandas_text(pd.concat([column.iloc[start:end], finest]))[:-1]

    return encode


def _coarsest_unit(column: pd.Series[Any], *, has_zone: bool) -> str:
    """The coarsest unit that represents all timestamps or durations of a column. With a zone, it is never days."""
    units = list(_UNITS)[1 if has_zone else 0 :]
    for start in range(0, len(column), _MOST_ROWS):
        part = column.iloc[start : start + _MOST_ROWS]
        stamps = _absolute(part) if has_zone else part.to_numpy()
        counts = stamps[~np.isnat(stamps)].view(np.int64)
        own = _UNITS[np.datetime_data(stamps.dtype)[0]]
        while _UNITS[units[0]] > own and (counts % (_UNITS[units[0]] // own)).any():
            units.pop(0)
    return units[0]


def _absolute(part: pd.Series[Any]) -> Any:
    return part.dt.tz_convert("UTC").dt.tz_localize(None).to_numpy()


def _offset_text(offsets: Any) -> pa.Array:
    seconds = offsets.astype("m8[s]").astype(np.int64)
    distinct, which = np.unique(seconds, return_inverse=True)
    return pc.take(pa.array([_offset(int(value)) for value in distinct], TEXT), pa.array(which))


def _offset(seconds: int) -> str:
    sign, seconds = ("-", -seconds) if seconds < 0 else ("+", seconds)
    text = f"{sign}{seconds // 3600:02d}:{seconds // 60 % 60:02d}"
    return f"{text}:{seconds % 60:02d}" if seconds % 60 else text
