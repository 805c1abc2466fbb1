from __future__ import annotations

import operator
from typing import Any

import pandas as pd
import pytest
from hypothesis import strategies as st

from .random_tables import COUNT, SHARE, TEXT, VALUES, WHEN, assert_texts, many, on_random_tables, transformed

CONTENT = '''id,n,x,when,code,name
1,10,1.5,2013-01-01T05:00:00Z,007,Anna
2,9,-2,2013-01-01T06:00:00+02:00,070,Bob
3,,NA,,,
4,10,1e1,2013-01-02,7,"50% _of, ""it"""
'''


def kept(jobs: Any, column: str, condition: str, value: Any = None) -> list[str]:
    ended = jobs.transform(CONTENT, jobs.facet("MID.FILTER", column_name=column, condition=condition, value=value))
    assert ended.status == "SUCCESS", ended.message
    return [row[0] for row in ended.rows()[1:]]


@pytest.mark.parametrize(
    ("column", "condition", "value", "ids"),
    [
        ("n", "equals", "10", "14"),
        ("n", "equals", "10.0", "14"),
        ("n", "not_equals", "10", "23"),
        ("n", "greater_than", "9", "14"),
        ("n", "greater_than", "9.5", "14"),
        ("n", "greater_or_equal", "9", "124"),
        ("n", "less_than", "10", "2"),
        ("n", "less_or_equal", "10", "124"),
        ("n", "less_than", "99999999999999999999", "124"),
        ("x", "greater_than", "1", "14"),
        ("x", "equals", "10", "4"),
        ("when", "less_than", "2013-01-01T05:00:00Z", "2"),
        ("when", "greater_or_equal", "2013-01-01 05:00", "14"),
        ("when", "equals", "2013-01-02T00:00:00Z", "4"),
        ("code", "equals", "007", "1"),
        ("code", "equals", "7", "4"),
        ("name", "greater_than", "Anna", "2"),
        ("name", "contains", "n", "1"),
        ("name", "contains", "%", "4"),
        ("name", "contains", '"it"', "4"),
        ("name", "starts_with", "B", "2"),
        ("name", "ends_with", "a", "1"),
        ("name", "equals", "'; DROP TABLE t1; --", ""),
        ("n", "contains", "0", "14"),
        ("x", "contains", "N", ""),
        ("n", "is_missing", None, "3"),
        ("x", "is_missing", None, "3"),
        ("name", "is_missing", None, "3"),
        ("name", "is_not_missing", None, "124"),
    ],
)
def test_conditions_compare_as_the_columns_type_does(
    jobs: Any, column: str, condition: str, value: str | None, ids: str
) -> None:
    assert kept(jobs, column, condition, value) == list(ids)


def test_empty_text_is_not_missing(jobs: Any) -> None:
    is_missing = jobs.facet("MID.FILTER", column_name="name", condition="is_missing")

    ended = jobs.transform('id,name\n1,\n2,""\n3,x\n', is_missing)

    assert [row[0] for row in ended.rows()[1:]] == ["1"]


@pytest.mark.parametrize(
    ("column", "condition", "value", "reason"),
    [
        ("nme", "equals", "x", "there is no column 'nme'; did you mean 'name'?"),
        ("n", "greater_than", "many", "value 'many' is no number, but column 'n' is NUMERIC"),
        ("when", "less_than", "tomorrow", "value 'tomorrow' is no time"),
        ("n", "equals", None, "condition 'equals' needs the argument 'value'"),
        ("n", None, "1", "it needs the argument 'condition'"),
    ],
)
def test_what_cannot_be_compared(jobs: Any, column: str, condition: Any, value: Any, reason: str) -> None:
    ended = jobs.transform(
        CONTENT, jobs.facet("MID.FILTER", "late", column_name=column, condition=condition, value=value)
    )

    assert (ended.status, ended.facet_id) == ("FAILED", "late")
    assert ended.message.startswith("Filter 'late': ")
    assert reason in ended.message


COMPARISONS = {
    "equals": operator.eq,
    "not_equals": operator.ne,
    "greater_than": operator.gt,
    "greater_or_equal": operator.ge,
    "less_than": operator.lt,
    "less_or_equal": operator.le,
}
TEXT_TESTS = {"contains": str.__contains__, "starts_with": str.startswith, "ends_with": str.endswith}
READERS = {COUNT: float, SHARE: float, WHEN: lambda text: pd.to_datetime(text, utc=True)}


@st.composite
def conditions(draw: st.DrawFn) -> tuple[str, str, str]:
    """Draw a column, a condition, and a value that it can compare the column's with."""
    column = draw(st.sampled_from(list(VALUES)))
    condition = draw(st.sampled_from([*COMPARISONS, *TEXT_TESTS, "is_missing", "is_not_missing"]))
    return column, condition, draw(VALUES[TEXT if condition in TEXT_TESTS else column])


def meets(value: Any, text: Any, column: str, condition: str, other: str) -> bool:
    """Whether a value meets a condition, as Python and pandas compare."""
    if pd.isna(value):
        return condition in ("not_equals", "is_missing")
    if condition in TEXT_TESTS:
        return TEXT_TESTS[condition](text, other)
    if condition in COMPARISONS:
        return bool(COMPARISONS[condition](value, READERS.get(column, str)(other)))
    return condition == "is_not_missing"


@many
def test_rows_stay_as_with_pandas(jobs: Any, examples: int) -> None:
    @on_random_tables(examples, asked=conditions())
    def check(table: Any, asked: tuple[str, str, str]) -> None:
        column, condition, value = asked
        facet = jobs.facet("MID.FILTER", column_name=column, condition=condition, value=value)

        values = zip(table.values[column], table.texts[column], strict=True)
        expected = table.texts[[meets(known, text, *asked) for known, text in values]]
        assert_texts(transformed(jobs, table, facet), expected if len(expected) else table.texts[:0])
