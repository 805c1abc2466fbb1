from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from .random_tables import COUNT, GROUP, SHARE, TEXT, WHEN, assert_texts, many, names, on_random_tables, transformed

CONTENT = "id,carrier,x\n1,UA,1.0\n2,AA,\n3,UA,1\n4,AA,\n5,UA,1.0\n"


def ids(jobs: Any, content: str = CONTENT, **arguments: Any) -> str:
    ended = jobs.transform(content, jobs.facet("MID.DEDUPLICATE", **arguments))
    assert ended.status == "SUCCESS", ended.message
    return "".join(row[0] for row in ended.rows()[1:])


def test_the_first_row_of_each_combination_stays(jobs: Any) -> None:
    assert ids(jobs, target_columns=["carrier"]) == "12"


def test_or_the_last_in_the_tables_order(jobs: Any) -> None:
    assert ids(jobs, target_columns=["carrier"], keep="last") == "45"


def test_missing_values_are_alike_and_numbers_compare_as_numbers(jobs: Any) -> None:
    assert ids(jobs, target_columns=["x"]) == "12"


def test_without_columns_whole_rows_are_compared(jobs: Any) -> None:
    assert ids(jobs) == "12345"
    assert ids(jobs, CONTENT + "3,UA,1\n") == "12345"
    assert ids(jobs, CONTENT + "3,UA,1\n", keep="last") == "12453"


@many
def test_rows_stay_as_with_pandas(jobs: Any, examples: int) -> None:
    keeps = st.sampled_from(["first", "last"])

    @on_random_tables(examples, targets=names([COUNT, SHARE, GROUP, WHEN, TEXT]), keep=keeps)
    def check(table: Any, targets: list[str], keep: Any) -> None:
        facet = jobs.facet("MID.DEDUPLICATE", target_columns=targets, keep=keep)

        frame = table.values.assign(**{WHEN: table.texts[WHEN]})
        expected = table.texts[~frame.duplicated(targets or None, keep=keep)]
        assert_texts(transformed(jobs, table, facet), expected)
