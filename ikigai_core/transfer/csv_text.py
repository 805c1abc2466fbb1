"""Write columns as CSV text with the same values as pandas, at the speed of Arrow.

Arrow's own CSV writer quotes every string and writes ``1.0`` as ``1``. So only its casts are used, and differences are
corrected here. Floats of double precision are written as JSON, where there is less to correct. Values that Arrow cannot
write at all are left to pandas (`UnsupportedFrameError`).
"""

from __future__ import annotations

from collections.abc import Callable
from functools import reduce
from typing import TYPE_CHECKING, Any

import numpy as np
import orjson
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv

if TYPE_CHECKING:
    import numpy.typing as npt
    import pandas as pd

TEXT = pa.large_string()
"""Arrow type for text. Its offsets have 64 bits, so that no chunk is too long."""

_SPECIAL = (b'"', b",", b"\n", b"\r")
_SAMPLE = 200

# Between these magnitudes, all write plain decimals: NumPy, Arrow for single precision, JSON for double precision.
_PLAIN_FROM = 1e-4
_PLAIN_BELOW = 1e16
_PLAIN_SINGLE_BELOW = 1e5


class UnsupportedFrameError(Exception):
    """Arrow cannot write these values with the same text as pandas."""


def value_text(values: pa.Array) -> pa.Array:
    """Write values as pandas does, in quotes if they need them. Nulls stay null.

    Parameters
    ----------
    values : pyarrow.Array
        NaN is written as ``nan``.

    Raises
    ------
    UnsupportedFrameError
    """
    kind = values.type
    if pa.types.is_dictionary(kind):
        if len(values.dictionary) > len(values):
            return value_text(values.dictionary_decode())
        return pc.take(value_text(values.dictionary), values.indices)
    if str(kind) == "string_view":
        return quote(_view_text(values))
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return quote(pc.cast(values, TEXT))
    if pa.types.is_integer(kind) or pa.types.is_date32(kind):
        return pc.cast(values, TEXT)
    if pa.types.is_boolean(kind):
        return pc.take(pa.array(["False", "True"], TEXT), pc.cast(values, pa.int8()))
    if pa.types.is_float64(kind):
        return _double_text(values)
    if pa.types.is_float32(kind):
        return _single_text(values)
    if pa.types.is_timestamp(kind) and kind.tz in (None, "UTC"):
        text = _shortest_timestamp_text(pc.cast(values, pa.timestamp(kind.unit)))
        return text if kind.tz is None else append(text, "+00:00")
    if pa.types.is_null(kind):
        return pa.nulls(len(values), TEXT)
    raise UnsupportedFrameError(str(kind))


def _view_text(values: pa.Array) -> pa.Array:
    try:
        return pc.cast(values, TEXT)
    except pa.ArrowNotImplementedError:
        # Older releases of pyarrow have this type, but few functions for it.
        return pa.array(values.to_pylist(), TEXT)


def pandas_text(values: pd.Series[Any]) -> pa.Array:
    """Let pandas write values that Arrow cannot write. This is slower, but correct by definition."""
    # With this line end, a single carriage return is quoted too. Python's own reader refuses long values.
    text = values.to_frame("a").to_csv(index=False, header=False, lineterminator="\r\n").encode()
    read = pa_csv.read_csv(
        pa.py_buffer(text),
        pa_csv.ReadOptions(use_threads=False, block_size=len(text) + 1, column_names=["a"]),
        pa_csv.ParseOptions(newlines_in_values=True),
        pa_csv.ConvertOptions(column_types={"a": TEXT}),
    )
    return quote(read["a"].combine_chunks())


def timestamp_text(values: pa.Array, unit: str) -> pa.Array:
    """Write timestamps without zone, to the day (``"D"``) or to the second with 0 to 9 decimals, by unit."""
    return pc.cast(pc.cast(values, pa.date32() if unit == "D" else pa.timestamp(unit), safe=False), TEXT)


def append(text: pa.Array, suffix: str | pa.Array) -> pa.Array:
    """Add a suffix to each value that is not null."""
    return pc.binary_join_element_wise(text, _text(suffix) if isinstance(suffix, str) else suffix, _text(""))


def quote(text: pa.Array) -> pa.Array:
    """Quote the values that need it: those with a quote, a comma or a line end. Repeated values are examined once.

    The csv module does not quote a single carriage return, which readers take for the end of the row. Here it is
    quoted.
    """
    content = bytes(_content(text))
    present = [special for special in _SPECIAL if special in content]
    if not present:
        return text
    if _repeats(text):
        distinct = text.dictionary_encode()
        return pc.take(_quote_each(distinct.dictionary, present), distinct.indices)
    return _quote_each(text, present)


def _repeats(text: pa.Array) -> bool:
    """True if the first values suggest that a few values are repeated again and again."""
    start = text.slice(0, _SAMPLE)
    return len(start) == _SAMPLE and len(start.unique()) <= _SAMPLE // 4


def _quote_each(text: pa.Array, present: list[bytes]) -> pa.Array:
    marked = reduce(pc.or_, [pc.match_substring(text, special.decode()) for special in present])
    return _replace(text, marked, _in_quotes)


def _in_quotes(text: pa.Array) -> pa.Array:
    doubled = pc.replace_substring(text, '"', '""') if b'"' in bytes(_content(text)) else text
    return pc.binary_join_element_wise(_text('"'), doubled, _text('"'), _text(""))


def rows(columns: list[pa.Array]) -> pa.Buffer:
    """The bytes of the rows, each with a line feed at its end. The columns are quoted text. Nulls are empty."""
    if len(columns) == 1:
        # Readers skip empty lines, so the only value of a row is quoted if it is empty.
        filled = pc.fill_null(columns[0], "")
        columns = [pc.if_else(pc.equal(filled, ""), _text('""'), filled)]
    *rest, last = columns
    return _content(_join(*rest, _join(last, _text("\n"), ""), ","))


def _join(*parts: pa.Array | pa.Scalar | str) -> pa.Array:
    """Join texts, element by element, with the last argument between them. Nulls are empty."""
    *texts, separator = parts
    return pc.binary_join_element_wise(*texts, _text(separator), null_handling="replace", null_replacement="")


def _double_text(values: pa.Array) -> pa.Array:
    numbers = values.to_numpy(zero_copy_only=False)
    size = np.abs(numbers)
    is_odd = ~((size >= _PLAIN_FROM) & (size < _PLAIN_BELOW) | (size == 0))
    text = _json_text(values, numbers)
    if np.count_nonzero(is_odd) == values.null_count:
        # Only nulls are odd here: they are NaN among the numbers.
        return text
    return _replace_floats(text, pc.and_(values.is_valid(), pa.array(is_odd)), values)


def _json_text(values: pa.Array, numbers: npt.NDArray[np.float64]) -> pa.Array:
    """Write floats as in JSON."""
    listed = pa.py_buffer(orjson.dumps(numbers, option=orjson.OPT_SERIALIZE_NUMPY))
    inside = pa.py_buffer(np.array([1, len(listed) - 1]))
    texts = pc.split_pattern(pa.Array.from_buffers(TEXT, 1, [None, inside, listed]), ",").values
    valid = values.is_valid().buffers()[1] if values.null_count else None
    return pa.Array.from_buffers(TEXT, len(numbers), [valid, *texts.buffers()[1:]])


def _single_text(values: pa.Array) -> pa.Array:
    size = pc.abs(values)
    whole = pc.and_(pc.equal(values, pc.floor(values)), pc.less(size, _PLAIN_SINGLE_BELOW))
    text = _replace(pc.cast(values, TEXT), whole, lambda wholes: append(wholes, ".0"))
    small = pc.and_(pc.less(size, _PLAIN_FROM), pc.greater(size, 0))
    large = pc.and_(pc.greater_equal(size, _PLAIN_SINGLE_BELOW), pc.is_finite(values))
    return _replace_floats(text, pc.or_(small, large), values)


def _replace_floats(text: pa.Array, mask: pa.Array, values: pa.Array) -> pa.Array:
    """Let NumPy write the marked values."""
    if not pc.any(mask).as_py():
        return text
    odd = pc.filter(values, mask).to_numpy(zero_copy_only=False)
    return pc.replace_with_mask(text, pc.fill_null(mask, False), pa.array(odd.astype(str).tolist(), TEXT))


def _replace(text: pa.Array, mask: pa.Array, change: Callable[[pa.Array], pa.Array]) -> pa.Array:
    """Change the marked values of a text array."""
    if not pc.any(mask).as_py():
        return text
    return pc.replace_with_mask(text, pc.fill_null(mask, False), change(pc.filter(text, mask)))


def _shortest_timestamp_text(values: pa.Array) -> pa.Array:
    """Write each timestamp with no, six or nine decimals, as many as it needs, as a `pandas.Timestamp` does."""
    text = timestamp_text(values, "s")
    for unit in ("us", "ns"):
        coarser = "s" if unit == "us" else "us"
        needs = pc.not_equal(pc.cast(pc.cast(values, pa.timestamp(coarser), safe=False), values.type), values)
        if not pc.any(needs).as_py():
            return text
        text = pc.if_else(needs, timestamp_text(values, unit), text)
    return text


def _content(text: pa.Array) -> pa.Buffer:
    """The bytes of all values of a text array, concatenated."""
    if not len(text):
        return pa.py_buffer(b"")
    _, offsets, content = text.buffers()
    bounds = memoryview(offsets).cast("q")
    start, end = bounds[text.offset], bounds[text.offset + len(text)]
    return content.slice(start, end - start) if content is not None else pa.py_buffer(b"")


def _text(value: str) -> pa.Scalar:
    return pa.scalar(value, TEXT)
