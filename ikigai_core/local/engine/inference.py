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
    sample = _refuted(connection, f"(SELECT * FROM {source} LIMIT {_SAMPLE_ROWS})", everything)
    open_tests = {key: tuple(test for test in _TESTS if test not in sample[key]) for key in keys}
    refuted = _refuted(connection, source, open_tests)
    counts = _counts(connection, source, keys)
    return [_judge(refuted[key] | sample[key], *counts[key]) for key in keys]


def _refuted(
    connection: duckdb.DuckDBPyConnection, source: str, tests: dict[str, tuple[str, ...]]
) -> dict[str, set[str]]:
    """Give for each column the tests that at least one of its values fails."""
    asked = [(key, test) for key, names in tests.items() for test in names]
    failed: dict[str, set[str]] = {key: set() for key in tests}
    if not asked:
        return failed
    expressions = ", ".join(
        f"bool_or({key} NOT IN ({MISSING_MARKS_SQL}) AND NOT ({_TESTS[test].replace('?column?', key)}))"
        for key, test in asked
    )
    (row,) = connection.execute(f"SELECT {expressions} FROM {source}").fetchall()
    for (key, test), any_fails in zip(asked, row, strict=True):
        if any_fails:
            failed[key].add(test)
    return failed


def _counts(connection: duckdb.DuckDBPyConnection, source: str, keys: Sequence[str]) -> dict[str, tuple[int, int, int]]:
    """Give for each column the numbers of its values, of those that are no missing mark, and of distinct ones."""
    expressions = ", ".join(
        f"count({key}), count(*) FILTER ({key} NOT IN ({MISSING_MARKS_SQL})), approx_count_distinct({key})"
        for key in keys
    )
    (row,) = connection.execute(f"SELECT {expressions} FROM {source}").fetchall()
    return {key: (row[3 * at], row[3 * at + 1], row[3 * at + 2]) for at, key in enumerate(keys)}


def _judge(refuted: set[str], values: int, unmarked: int, distinct: int) -> Inferred:
    if unmarked:
        if "integer" not in refuted:
            return Inferred("NUMERIC", dict(INTEGER_FORMAT))
        if "number" not in refuted:
            return Inferred("NUMERIC", {})
        if "time" not in refuted:
            return Inferred("TIME", {})
    if values and distinct <= _MOST_CATEGORIES and distinct * _ROWS_PER_CATEGORY <= values:
        return Inferred("CATEGORICAL", {})
    return Inferred("TEXT", {})
