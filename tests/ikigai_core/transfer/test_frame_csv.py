"""A frame is written the way pandas writes it, whatever is in it."""

from __future__ import annotations

import csv
import datetime as dt
import io
import tracemalloc
import zoneinfo
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ikigai_core.transfer import frame_csv
from ikigai_core.transfer.frame_csv import frame_blocks

_MOST_ROWS = 12
_STAMPS = st.integers(-(10**18), 4 * 10**18)
_ZONES = st.sampled_from([None, "UTC", "Europe/Berlin", "America/St_Johns", "Asia/Kathmandu"])
_TEXT = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\r"), max_size=12)


def written(frame: pd.DataFrame) -> str:
    return b"".join(bytes(block) for block in frame_blocks(frame)).decode()


def lists(values: st.SearchStrategy[Any], rows: int, *missing: Any) -> st.SearchStrategy[list[Any]]:
    either = st.one_of(values, st.sampled_from(missing)) if missing else values
    return st.lists(either, min_size=rows, max_size=rows)


@st.composite
def numbers(draw: st.DrawFn, rows: int) -> pd.Series[Any]:
    kind = draw(
        st.sampled_from(["float64", "float32", "float16", "Float64", "Float32", "int64", "Int64", "u1", "UInt8"])
    )
    if kind in ("u1", "UInt8"):
        return pd.Series(draw(lists(st.integers(0, 255), rows, *([None] if kind == "UInt8" else []))), dtype=kind)
    if kind in ("int64", "Int64"):
        whole = st.integers(-(2**63), 2**63 - 1)
        return pd.Series(draw(lists(whole, rows, *([None] if kind == "Int64" else []))), dtype=kind)
    width = 16 if kind == "float16" else 32 if kind in ("float32", "Float32") else 64
    some = st.one_of(
        st.floats(width=width),
        st.integers(-1000, 1000).map(float),
        st.floats(-500, 500, width=width).map(lambda value: round(value, 2)),
    )
    return pd.Series(draw(lists(some, rows, np.nan)), dtype=kind)


@st.composite
def timestamps(draw: st.DrawFn, rows: int) -> pd.Series[Any]:
    ticks = draw(st.sampled_from([1, 1000, 10**6, 10**9, 86_400 * 10**9]))
    stamps = [None if value is None else value // ticks * ticks for value in draw(lists(_STAMPS, rows, None))]
    unit = draw(st.sampled_from(["s", "ms", "us", "ns"]))
    column = pd.Series(pd.to_datetime(pd.Series(stamps, dtype="Int64"), unit="ns")).dt.as_unit(unit)
    zone = draw(_ZONES)
    return column if zone is None else column.dt.tz_localize("UTC").dt.tz_convert(zone)


@st.composite
def texts(draw: st.DrawFn, rows: int) -> pd.Series[Any]:
    hard = st.sampled_from(["", " ", "a,b", 'the "red" eye', "two\nlines", "007", "NULL", "nan", "Zürich", "🦆", "'"])
    values = draw(lists(st.one_of(_TEXT, hard), rows, None))
    return pd.Series(values, dtype=draw(st.sampled_from(["str", "object", "category", "string[python]"])))


@st.composite
def others(draw: st.DrawFn, rows: int) -> pd.Series[Any]:
    kind = draw(
        st.sampled_from(
            ["bool", "boolean", "mixed", "timedelta64[ns]", "arrow", "date", "number categories", "day categories"]
        )
    )
    if kind in ("bool", "boolean"):
        return pd.Series(draw(lists(st.booleans(), rows, *([None] if kind == "boolean" else []))), dtype=kind)
    if kind == "timedelta64[ns]":
        counts = draw(lists(st.integers(-(10**15), 10**15), rows, np.iinfo("int64").min))
        return pd.Series(np.array(counts).astype(kind))
    if kind == "arrow":
        type_ = draw(st.sampled_from([pa.timestamp("us"), pa.timestamp("ns", "UTC"), pa.timestamp("ms", "Asia/Tokyo")]))
        return pd.Series(
            pa.array(draw(lists(_STAMPS.map(lambda n: n // 10**6), rows, None)), type_), dtype=pd.ArrowDtype(type_)
        )
    if kind == "day categories":
        stamps = draw(lists(_STAMPS.map(lambda n: n // 10**15 * 10**15), rows, None))
        return pd.Series(pd.to_datetime(pd.Series(stamps, dtype="Int64"), unit="ns")).astype("category")
    if kind == "date":
        return pd.Series(draw(lists(st.dates(), rows, None)), dtype="object")
    if kind == "number categories":
        return pd.Series(draw(lists(st.floats(width=32), rows, None))).astype("category")
    mixed = st.one_of(
        st.integers(), st.floats(), _TEXT, st.booleans(), st.binary(max_size=3), st.decimals(allow_nan=False)
    )
    return pd.Series(draw(lists(mixed, rows, None, pd.NA)), dtype="object")


_BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
_ARROW_TYPES = [
    pa.int8(), pa.uint64(), pa.float32(), pa.float64(), pa.bool_(), pa.string(), pa.large_string(), pa.date32(),
    pa.decimal128(20, 3), pa.time64("us"), pa.duration("ms"), pa.dictionary(pa.int32(), pa.string()),
]  # fmt: skip


def arrow_values(kind: pa.DataType) -> st.SearchStrategy[Any]:
    """Values that an Arrow type can hold, as Python has them."""
    if pa.types.is_integer(kind):
        return st.integers(0, 127)
    if pa.types.is_floating(kind):
        return st.floats(width=kind.bit_width)
    if pa.types.is_boolean(kind):
        return st.booleans()
    if pa.types.is_decimal(kind):
        return st.decimals(-(10**15), 10**15, places=3)
    if pa.types.is_date(kind):
        return st.dates()
    if pa.types.is_time(kind):
        return st.times()
    if pa.types.is_duration(kind):
        return st.integers(-(10**9), 10**9).map(lambda n: dt.timedelta(milliseconds=n))
    return _TEXT


@st.composite
def rarities(draw: st.DrawFn, rows: int) -> pd.Series[Any]:
    """What tables seldom hold."""
    kind = draw(st.sampled_from(["arrow", "objects", "complex", "period", "interval", "sparse", "narrow", "S3"]))
    if kind == "arrow":
        type_ = draw(st.sampled_from(_ARROW_TYPES))
        return pd.Series(pa.array(draw(lists(arrow_values(type_), rows, None)), type_), dtype=pd.ArrowDtype(type_))
    if kind == "objects":
        stamp = st.datetimes(dt.datetime(1700, 1, 1), dt.datetime(2200, 1, 1))
        values = draw(
            st.sampled_from(
                [
                    st.decimals(allow_nan=False),
                    st.booleans(),
                    stamp,
                    st.one_of(stamp, stamp.map(lambda value: value.replace(tzinfo=_BERLIN))),
                    stamp.map(pd.Timestamp),
                    st.timedeltas(dt.timedelta(-9999), dt.timedelta(9999)),
                    st.one_of(_TEXT, st.just(pd.NaT)),
                    st.lists(st.integers(), max_size=3),
                    st.one_of(st.floats(), st.integers(-(2**70), 2**70)),
                    st.floats(width=32).map(np.float32),
                    st.uuids(),
                ]
            )
        )
        column = pd.Series([None] * rows, dtype="object")
        for position, value in enumerate(draw(lists(values, rows, None))):
            column.iat[position] = value
        return column
    if kind == "complex":
        return pd.Series(draw(lists(st.complex_numbers(allow_nan=False), rows)), dtype="complex128")
    if kind == "period":
        return pd.Series(pd.period_range("2020-01", periods=rows, freq=draw(st.sampled_from(["D", "M"]))))
    if kind == "interval":
        return pd.Series(pd.interval_range(0.0, periods=rows, freq=0.5))
    if kind == "sparse":
        return pd.Series(draw(lists(st.floats(), rows, np.nan)), dtype="Sparse[float64]")
    if kind == "narrow":
        return pd.Series(draw(lists(st.integers(-128, 127), rows)), dtype="int8")
    return pd.Series(np.array(draw(lists(st.binary(max_size=3), rows)), dtype="S3").astype(object))


@st.composite
def frames(draw: st.DrawFn) -> pd.DataFrame:
    rows = draw(st.integers(1, _MOST_ROWS))
    kinds = [numbers(rows), timestamps(rows), texts(rows), others(rows), rarities(rows)]
    columns = draw(st.lists(st.one_of(kinds), min_size=1, max_size=5))
    frame = pd.concat(columns, axis=1, ignore_index=True)
    names = st.one_of(_TEXT, st.integers(), st.sampled_from(["a", "a", 'quo"ted', "com,ma"]))
    frame.columns = pd.Index(draw(lists(names, len(columns))), dtype="object")
    frame.index = draw(st.permutations(range(rows)))
    return frame


@settings(deadline=None, max_examples=60)
@given(frames())
def test_the_bytes_are_those_that_pandas_writes(frame: pd.DataFrame) -> None:
    assert written(frame) == frame.to_csv(index=False, lineterminator="\n")


@pytest.mark.soak
@settings(deadline=None, max_examples=3000)
@given(frames())
def test_the_bytes_of_thousands_of_frames_are_those_that_pandas_writes(frame: pd.DataFrame) -> None:
    assert written(frame) == frame.to_csv(index=False, lineterminator="\n")


@settings(deadline=None, max_examples=20)
@given(frames(), st.integers(1, 200))
def test_the_size_of_the_chunks_changes_nothing(frame: pd.DataFrame, size: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(frame_csv, "CHUNK_BYTES", size)
        assert written(frame) == frame.to_csv(index=False, lineterminator="\n")


@settings(deadline=None, max_examples=30)
@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=300), st.integers(-12, 18))
def test_floats_of_every_magnitude_are_written_as_their_shortest_text(values: list[float], power: int) -> None:
    scaled = np.array(values, dtype="float64")
    with np.errstate(over="ignore"):
        scaled = np.concatenate([scaled, np.mod(scaled, 10.0) * 10.0**power])
    for kind in ("float64", "float32"):
        with np.errstate(over="ignore"):
            frame = pd.DataFrame({"a": scaled.astype(kind), "b": 1})
        assert written(frame) == frame.to_csv(index=False, lineterminator="\n")


@pytest.mark.parametrize("size", [1, 100, 1 << 20])
def test_neighbors_of_one_type_keep_their_values_apart(size: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame_csv, "CHUNK_BYTES", size)
    count = np.arange(7)
    frame = pd.DataFrame(
        {
            "whole": count.astype("float64"),
            "missing": np.where(count % 2, np.nan, count / 7),
            "odd": np.array([1e300, -np.inf, np.nan, 1e-9, -0.0, 0.1, 5e-324]),
            "single": (count / 3).astype("float32"),
            "tenfold": count * 10,
            "hundredfold": count * 100,
            "narrow": count.astype("int8"),
            "is_even": count % 2 == 0,
            "is_small": count < 3,
        }
    )
    assert written(frame) == frame.to_csv(index=False, lineterminator="\n")


def test_a_lone_carriage_return_arrives_as_part_of_its_value() -> None:
    frame = pd.DataFrame({"a": ["one\rtwo", "three\r\nfour", "\r"], "b": ["x", "y", "z"]})
    rows = list(csv.reader(io.StringIO(written(frame), newline="")))
    assert rows == [["a", "b"], ["one\rtwo", "x"], ["three\r\nfour", "y"], ["\r", "z"]]


def test_a_lone_carriage_return_is_part_of_its_value_and_its_name_also_beside_what_is_no_text() -> None:
    frame = pd.DataFrame({"a": ["one\rtwo", 1], "b\rc": [2, "x\r"]})
    rows = list(csv.reader(io.StringIO(written(frame), newline="")))
    assert rows == [["a", "b\rc"], ["one\rtwo", "2"], ["1", "x\r"]]


def test_objects_may_be_longer_than_what_pythons_own_reader_takes() -> None:
    frame = pd.DataFrame({"a": [list(range(30_000)), b"x" * 140_000, 1], "b": [None, 1, "y" * 140_000]})
    assert written(frame) == frame.to_csv(index=False, lineterminator="\n")


def test_columns_of_several_levels_are_written_as_several_header_rows() -> None:
    frame = pd.DataFrame([[1, 2]], columns=pd.MultiIndex.from_tuples([("a", "b"), ("a", "c")]))
    assert written(frame) == "a,a\nb,c\n1,2\n"


def test_timestamps_have_the_same_decimals_in_all_of_a_long_column() -> None:
    midnights = pd.Series(np.arange(300_000) % 1000 * 86_400 + 1_577_836_800).astype("datetime64[s]")
    midnights.iloc[-1] = pd.Timestamp("2020-01-01 12:00:00")
    rows = written(pd.DataFrame({"day": midnights, "one": 1})).splitlines()
    assert rows[1] == "2020-01-01 00:00:00,1"
    assert rows[-1] == "2020-01-01 12:00:00,1"


def test_the_memory_beyond_the_frame_is_bounded() -> None:
    rows = 1_200_000
    frame = pd.DataFrame({"text": ["some text"] * rows, "number": np.arange(rows) / 7})
    before = pa.total_allocated_bytes()
    tracemalloc.start()
    size = arrow = 0
    for block in frame_blocks(frame):
        size += len(block)
        arrow = max(arrow, pa.total_allocated_bytes() - before)
    python = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size > 28 << 20
    assert arrow + python < 24 << 20
