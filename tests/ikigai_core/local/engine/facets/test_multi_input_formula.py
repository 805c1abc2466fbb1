from __future__ import annotations

from typing import Any

import pytest

from .random_tables import COUNT, SHARE, TEXT, assert_values, many, on_random_tables, transformed


def calculated(jobs: Any, formula: str, content: str = "a,b\n1,2\n3,4\n") -> Any:
    return jobs.transform(content, jobs.facet("MID.MULTI_INPUT_FORMULA", formula=formula, output_column_name="y"))


@many
def test_values_are_those_of_pandas(jobs: Any, examples: int) -> None:
    formula = f"""{COUNT} * 2 + "{SHARE.replace('"', '""')}" - length("{TEXT}")"""

    @on_random_tables(examples)
    def check(table: Any) -> None:
        facet = jobs.facet("MID.MULTI_INPUT_FORMULA", formula=formula, output_column_name="y")

        numbers = table.values.astype({COUNT: "float64"})
        expected = numbers[COUNT] * 2 + numbers[SHARE] - numbers[TEXT].str.len().astype("float64")
        assert_values(transformed(jobs, table, facet), numbers.assign(y=expected))


@pytest.mark.parametrize(
    ("formula", "values"),
    [
        ("a + b", ["3", "7"]),
        ("a / b", ["0.5", "0.75"]),
        ("0 * a / 0.0 -- nothing", ["", ""]),
        ("a / sum(a) OVER ()", ["0.25", "0.75"]),
        ("CASE WHEN a > 1 THEN 'big' ELSE 'small' END", ["small", "big"]),
        ("(SELECT max(b) FROM data) - a", ["3", "1"]),
    ],
)
def test_formulas(jobs: Any, formula: str, values: list[str]) -> None:
    ended = calculated(jobs, formula)

    assert ended.message == ""
    assert [row[-1] for row in ended.rows()] == ["y", *values]


@pytest.mark.parametrize(
    ("formula", "reason"),
    [
        ("sum(a)", "the formula gives 1 values in 1 columns for 2 rows; it has to give one value for each row"),
        ("a), (b", "the formula gives 2 values in 2 columns for 2 rows"),
        ("a) FROM data; SELECT (1", "the query has to be one SELECT"),
        ("c", 'Referenced column "c" not found'),
        ("a +", "the query fails: Parser Error"),
    ],
)
def test_what_is_no_formula(jobs: Any, formula: str, reason: str) -> None:
    assert reason in calculated(jobs, formula).message
