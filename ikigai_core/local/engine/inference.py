"""What type the columns of a table have, judged by their text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import duckdb

from ikigai_core.local.engine.columns import INTEGER_FORMAT, MISSING_MARKS_SQL, DataType, quote

# Leading zeros, plus signs and more than 18 digits are an identifier's, not a number's.
_INTEGER = r"-?(0|[1-9][0-9]{0,17})"
_NUMBER = r"-?((0|[1-9][0-9]{0,17})(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|-?inf"
_TIME = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?( ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?))?)?"
)

# A column is CATEGORICAL when few values make up many rows.
_MOST_CATEGORIES = 100
_ROWS_PER_CATEGORY = 2

# Most columns are told from their first rows; only what those leave open is looked for in all rows.
_SAMPLE_ROWS = 5_000

# SQL over the column, which stands as `?column?`: braces have a meaning in patterns.
_TESTS = {
    "integer": f"regexp_full_match(?column?, {quote(_INTEGER)})",
    "number": f"regexp_full_match(?column?, {quote(_NUMBER)}) AND TRY_CAST(?column? AS DOUBLE) IS NOT NULL",
    "time": f"regexp_full_match(?column?, {quote(_TIME)}) AND TRY_CAST(?column? AS TIMESTAMPTZ) IS NOT NULL",
}


class Inferred(NamedTuple):
    """The type that a column's text suggests."""

    data_type: DataType
    data_formats: dict[str, str]


def infer_types(connection: duckdb.DuckDBPyConnection, source: str, keys: Sequence[str]) -> list[Inferred]:
    """Judge the types of text columns.

    Parameters
    ----------
    source
        A table, or any other SQL expression that can stand after FROM.
    keys
        Names of the columns.
    """
    everything = {key: tuple(_TESTS) for key in keys}
    sample = _scan(connection, f"(SELECT * FROM {source} LIMIT {_SAMPLE_ROWS})", everything)
    still_open = {key: tuple(test for test in _TESTS if test not in sample[key].refuted) for key in keys}
    full = _scan(connection, source, still_open)
    return [_judge(full[key], sample[key].refuted | full[key].refuted) for key in keys]


class _Seen(NamedTuple):
    """What a pass over a column has shown: its values, those that are no missing mark, distinct ones, failed tests."""

    values: int
    unmarked: int
    distinct: int
    refuted: frozenset[str]


def _scan(connection: duckdb.DuckDBPyConnection, source: str, tests: dict[str, tuple[str, ...]]) -> dict[str, _Seen]:
    """Look at all columns in one pass, at each with its tests."""
    expressions = []
    for key, names in tests.items():
        unmarked = f"{key} NOT IN ({MISSING_MARKS_SQL})"
        expressions += [f"count({key})", f"count(*) FILTER ({unmarked})", f"approx_count_distinct({key})"]
        expressions += [f"bool_or({unmarked} AND NOT ({_TESTS[test].replace('?column?', key)}))" for test in names]
    (row,) = connection.execute(f"SELECT {', '.join(expressions)} FROM {source}").fetchall()
    numbers = iter(row)
    return {
        key: _Seen(next(numbers), next(numbers), next(numbers), frozenset(test for test in names if next(numbers)))
        for key, names in tests.items()
    }


def _judge(seen: _Seen, refuted: frozenset[str]) -> Inferred:
    if seen.unmarked:
        if "integer" not in refuted:
            return Inferred("NUMERIC", dict(INTEGER_FORMAT))
        if "number" not in refuted:
            return Inferred("NUMERIC", {})
        if "time" not in refuted:
            return Inferred("TIME", {})
    if seen.values and seen.distinct <= _MOST_CATEGORIES and seen.distinct * _ROWS_PER_CATEGORY <= seen.values:
        return Inferred("CATEGORICAL", {})
    return Inferred("TEXT", {})
