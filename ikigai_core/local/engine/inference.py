"""Inference of column types from the text of the values."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import duckdb

from ikigai_core.local.engine.columns import INTEGER_FORMAT, MISSING_MARKS_SQL, DataType, quote

# Text with leading zeros, a plus sign or more than 18 digits is an identifier, not a number.
_INTEGER = r"-?(0|[1-9][0-9]{0,17})"
_NUMBER = r"-?((0|[1-9][0-9]{0,17})(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|-?inf"
_TIME = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?( ?(Z|UTC|[+-][0-9]{2}(:?[0-9]{2})?))?)?"
)

# A column is CATEGORICAL if it has few different values in many rows.
_MOST_CATEGORIES = 100
_ROWS_PER_CATEGORY = 2

# The first rows rule out most types. Only the remaining ones are tested on all rows.
_SAMPLE_ROWS = 5_000

# SQL conditions on the column `?column?`. The placeholder has no braces because patterns use them.
_TESTS = {
    "integer": f"regexp_full_match(?column?, {quote(_INTEGER)})",
    "number": f"regexp_full_match(?column?, {quote(_NUMBER)}) AND TRY_CAST(?column? AS DOUBLE) IS NOT NULL",
    "time": f"regexp_full_match(?column?, {quote(_TIME)}) AND TRY_CAST(?column? AS TIMESTAMPTZ) IS NOT NULL",
}


class Inferred(NamedTuple):
    """The inferred type of a column."""

    data_type: DataType
    data_formats: dict[str, str]


def infer_types(connection: duckdb.DuckDBPyConnection, source: str, keys: Sequence[str]) -> list[Inferred]:
    """Infer the types of text columns.

    Parameters
    ----------
    source
        A table, or any other SQL expression that can stand after FROM.
    keys
        Names of the columns.
    """
    everything = {key: tuple(_TESTS) for key in keys}
    sample = _scan(connection, f"(SELECT * FROM {source} LIMIT {_SAMPLE_ROWS})", everything, keys)
    still_open = {key: tuple(test for test in _TESTS if test not in sample[key].refuted) for key in keys}
    full = _scan(connection, source, still_open, [key for key in keys if sample[key].is_marked_through])
    return [_judge(sample[key].joined_with(full[key])) for key in keys]


class _Seen(NamedTuple):
    """Findings of one pass over a column."""

    values: int
    distinct: int
    refuted: frozenset[str]
    """Tests that a value failed. Missing marks count as no values."""
    is_marked_through: bool
    """Whether the column contains only missing marks."""

    def joined_with(self, whole: _Seen) -> _Seen:
        """Return the combined findings of this pass, over a sample, and of one over the whole column."""
        return whole._replace(
            refuted=self.refuted | whole.refuted, is_marked_through=self.is_marked_through and whole.is_marked_through
        )


def _scan(
    connection: duckdb.DuckDBPyConnection, source: str, tests: dict[str, tuple[str, ...]], unmarked: Sequence[str]
) -> dict[str, _Seen]:
    """Examine all columns in one pass: apply the tests of each, and look for real values in the `unmarked` ones."""
    expressions = []
    for key, names in tests.items():
        is_value = f"{key} NOT IN ({MISSING_MARKS_SQL})"
        expressions += [f"count({key})", f"approx_count_distinct({key})"]
        # Most values pass. Only the others are compared with the marks.
        expressions += [
            f"bool_or(CASE WHEN {_TESTS[test].replace('?column?', key)} THEN false ELSE {is_value} END)"
            for test in names
        ]
        expressions += [f"bool_or({is_value})"] if key in unmarked else []
    (row,) = connection.execute(f"SELECT {', '.join(expressions)} FROM {source}").fetchall()
    numbers = iter(row)
    return {
        key: _Seen(
            values=next(numbers),
            distinct=next(numbers),
            refuted=frozenset(test for test in names if next(numbers)),
            is_marked_through=not next(numbers) if key in unmarked else True,
        )
        for key, names in tests.items()
    }


def _judge(seen: _Seen) -> Inferred:
    if not seen.is_marked_through:
        if "integer" not in seen.refuted:
            return Inferred("NUMERIC", dict(INTEGER_FORMAT))
        if "number" not in seen.refuted:
            return Inferred("NUMERIC", {})
        if "time" not in seen.refuted:
            return Inferred("TIME", {})
    if seen.values and seen.distinct <= _MOST_CATEGORIES and seen.distinct * _ROWS_PER_CATEGORY <= seen.values:
        return Inferred("CATEGORICAL", {})
    return Inferred("TEXT", {})
