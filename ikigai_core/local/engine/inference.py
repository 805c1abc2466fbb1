"""Inference of column types from the text of the values."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import duckdb

from ikigai_core.local.engine.columns import INTEGER_FORMAT, MISSING_MARKS_SQL, DataType, quote

# Text with leading zeros, a plus sign or more than 18 digits is an identifier, not a number.
_INTEGER = r"-?(0|[1-9][0-9]{0,17})"
_NUMBER = r"-?((0|[1-9][0-9]{0,17})(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|-?inf"
# Most integers are written as DuckDB writes them.
_PLAIN_INTEGER = "CAST(TRY_CAST(?column? AS DECIMAL(18, 0)) AS VARCHAR) = ?column?"
# Most numbers are plain, and every plain one can be converted.
_PLAIN_NUMBER = r"-?(0|[1-9][0-9]{0,17})([.][0-9]*)?"
_TIME = (
    r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2}([.][0-9]+)?)?(Z| ?UTC|[+-][0-9]{2}(:?[0-9]{2})?)?)?"
)

# Most times are written to the second, as DuckDB writes them. With another length, it writes years before 1 and after
# 9999, too, and `infinity`.
_PLAIN_TIME = "strlen(?column?) = 19 AND CAST(TRY_CAST(?column? AS TIMESTAMP) AS VARCHAR) = ?column?"

# A column is CATEGORICAL if it has few different values in many rows.
_MOST_CATEGORIES = 100
_ROWS_PER_CATEGORY = 2

# The first rows answer most questions. Only the remaining ones are asked of all rows.
SAMPLE_ROWS = 5_000

# SQL conditions on the column `?column?`. The placeholder has no braces because patterns use them.
_TESTS = {
    "integer": f"({_PLAIN_INTEGER} OR regexp_full_match(?column?, {quote(_INTEGER)}))",
    "number": (
        f"(regexp_full_match(?column?, {quote(_PLAIN_NUMBER)})"
        f" OR regexp_full_match(?column?, {quote(_NUMBER)}) AND TRY_CAST(?column? AS DOUBLE) IS NOT NULL)"
    ),
    # As to what is valid, TIMESTAMP is like TIMESTAMPTZ, and faster.
    "time": (
        f"({_PLAIN_TIME}"
        f" OR regexp_full_match(?column?, {quote(_TIME)}) AND TRY_CAST(?column? AS TIMESTAMP) IS NOT NULL)"
    ),
}

Questions = frozenset[str]
"""What to find out about a column: names of tests, "distinct" for the number of different values, "value"."""

EVERYTHING: Questions = frozenset({*_TESTS, "distinct", "value"})


class Inferred(NamedTuple):
    """The inferred type of a column."""

    data_type: DataType
    data_formats: dict[str, str]


class Seen(NamedTuple):
    """Findings of one pass over a column. Answers to questions that were not asked are empty."""

    values: int = 0
    distinct: int = 0
    refuted: frozenset[str] = frozenset()
    """Tests that a value failed. Missing marks count as no values."""
    has_value: bool = False
    """Whether the column contains anything but missing marks."""

    @property
    def likely_test(self) -> str | None:
        """The first test that all values passed."""
        return next((test for test in _TESTS if test not in self.refuted), None)


Look = Callable[[Mapping[str, Questions], bool], dict[str, Seen]]
"""One pass over the columns with their questions, of all rows, or (True) only of the first ones."""


def infer_types(connection: duckdb.DuckDBPyConnection, source: str, keys: Sequence[str]) -> list[Inferred]:
    """Infer the types of text columns.

    Parameters
    ----------
    source
        A table, or any other SQL expression that can stand after FROM.
    keys
        Names of the columns.
    """

    def look(asked: Mapping[str, Questions], is_sample: bool) -> dict[str, Seen]:
        rows = f"(SELECT * FROM {source} LIMIT {SAMPLE_ROWS})" if is_sample else source
        expressions = [one for key, questions in asked.items() for one in expressions_for(questions, key)]
        (row,) = connection.execute(f"SELECT {', '.join(expressions)} FROM {rows}").fetchall()
        answers = iter(row)
        return {key: read_answers(questions, answers) for key, questions in asked.items()}

    return infer(look, keys)


def infer(look: Look, keys: Sequence[str]) -> list[Inferred]:
    """Infer the types of text columns by passes over them: mostly a short one and one over all rows."""
    sample = look(dict.fromkeys(keys, EVERYTHING), True)
    asked = {key: _open_questions(sample[key]) for key in keys}
    whole = look(asked, False)
    surprising = [key for key in keys if asked[key] != EVERYTHING and whole[key].refuted]
    again = look(dict.fromkeys(surprising, EVERYTHING), False) if surprising else {}
    # Without open questions, the sample has the answer.
    return [_judge(again.get(key) or (whole[key] if "distinct" in asked[key] else sample[key])) for key in keys]


def expressions_for(questions: Questions, column: str) -> list[str]:
    """Return SQL aggregates that answer questions about a column; `read_answers` reads their values."""
    is_value = f"{column} NOT IN ({MISSING_MARKS_SQL})"
    # Most values pass. Only the others are compared with the marks.
    tests = [
        f"bool_or(CASE WHEN {condition.replace('?column?', column)} THEN false ELSE {is_value} END)"
        for test, condition in _TESTS.items()
        if test in questions
    ]
    distinct = [f"approx_count_distinct({column})"] if "distinct" in questions else []
    value = [f"bool_or({is_value})"] if "value" in questions else []
    # Only values that are counted are checked for their encoding.
    return [f"count({column})", *distinct, *tests, *value]


def read_answers(questions: Questions, answers: Iterator[Any]) -> Seen:
    """Return the findings from the values of the aggregates, and no more of them than that."""
    return Seen(
        values=next(answers),
        distinct=next(answers) if "distinct" in questions else 0,
        refuted=frozenset(test for test in _TESTS if test in questions and next(answers)),
        has_value="value" in questions and bool(next(answers)),
    )


def _open_questions(sample: Seen) -> Questions:
    if not sample.has_value:
        return EVERYTHING
    if sample.likely_test:
        return frozenset({sample.likely_test})
    return frozenset({"distinct"} if sample.distinct <= _MOST_CATEGORIES else ())


def _judge(seen: Seen) -> Inferred:
    passed = seen.likely_test if seen.has_value else None
    if passed == "integer":
        return Inferred("NUMERIC", dict(INTEGER_FORMAT))
    if passed == "number":
        return Inferred("NUMERIC", {})
    if passed == "time":
        return Inferred("TIME", {})
    if seen.values and seen.distinct <= _MOST_CATEGORIES and seen.distinct * _ROWS_PER_CATEGORY <= seen.values:
        return Inferred("CATEGORICAL", {})
    return Inferred("TEXT", {})
