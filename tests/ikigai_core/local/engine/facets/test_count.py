from __future__ import annotations

from typing import Any

import pandas as pd
from hypothesis import strategies as st

from .random_tables import COUNT, GROUP, SHARE, TEXT, WHEN, assert_values, many, names, on_random_tables, transformed

CONTENT = "carrier,day,x\nUA,1,1.0\nAA,1,1.00\nAA,2,2\nUA,1,\nAA,1,NA\nDL,1,2\n"


def counted(jobs: Any, columns: list[str], **arguments: Any) -> list[list[str]]:
    ended = jobs.transform(CONTENT, jobs.facet("MID.COUNT", target_columns=columns, **arguments))
    assert ended.status == "SUCCESS", ended.message
    return list(ended.rows())


def test_combinations_come_in_the_order_of_their_first_row(jobs: Any) -> None:
    assert counted(jobs, ["carrier"]) == [["carrier", "count"], ["UA", "2"], ["AA", "3"], ["DL", "1"]]


def test_with_no_columns_all_rows_are_counted(jobs: Any) -> None:
    assert counted(jobs, [], sort=True) == [["count"], ["6"]]


def test_sorted_the_most_frequent_come_first(jobs: Any) -> None:
    assert counted(jobs, ["carrier", "day"], sort=True, output_column_name="flights") == [
        ["carrier", "day", "flights"],
        ["UA", "1", "2"],
        ["AA", "1", "2"],
        ["AA", "2", "1"],
        ["DL", "1", "1"],
    ]


def test_numbers_that_are_the_same_count_together(jobs: Any) -> None:
    assert counted(jobs, ["x"])[1:] == [["1.0", "2"], ["2", "2"], ["", "2"]]


def test_the_count_is_a_whole_number(jobs: Any) -> None:
    output = jobs.transform(CONTENT, jobs.facet("MID.COUNT", target_columns=["day"])).outputs[0]

    assert output["columns"]["count"] == {"data_type": "NUMERIC", "data_formats": {"numeric_format": "INTEGER"}}


def test_a_name_that_is_taken(jobs: Any) -> None:
    ended = jobs.transform(CONTENT, jobs.facet("MID.COUNT", "c", target_columns=["day"], output_column_name="day"))

    assert (ended.status, ended.facet_id) == ("FAILED", "c")
    assert "'day' occurs 2 times" in ended.message


@many
def test_combinations_are_counted_as_by_pandas(jobs: Any, examples: int) -> None:
    @on_random_tables(examples, targets=names([COUNT, SHARE, GROUP, WHEN, TEXT]), is_sorted=st.booleans())
    def check(table: Any, targets: list[str], is_sorted: bool) -> None:
        facet = jobs.facet("MID.COUNT", target_columns=targets, sort=is_sorted, output_column_name="n")

        # Times are equal if their texts are.
        frame = table.values.assign(**{WHEN: table.texts[WHEN]})
        expected = pd.DataFrame({"n": [len(frame)]})
        if targets:
            expected = frame.groupby(targets, sort=False, dropna=False).size().rename("n").reset_index()
        if is_sorted:
            expected = expected.sort_values("n", ascending=False, kind="stable")
        assert_values(transformed(jobs, table, facet), expected)
