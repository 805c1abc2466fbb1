from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from .random_tables import VALUES, assert_texts, many, names, on_random_tables, transformed

CONTENT = (
    "id,n,name,when\n1,10,b,2013-01-02\n2,9,a,2013-01-10T00:00:00Z\n3,,b,\n4,9,ä,2013-01-01T23:00:00-02:00\n5,100,,\n"
)


def order(jobs: Any, columns: list[str], **arguments: Any) -> str:
    ended = jobs.transform(CONTENT, jobs.facet("MID.SORT", target_columns=columns, **arguments))
    return "".join(row[0] for row in ended.rows()[1:])


def test_numbers_sort_as_numbers_with_missing_last_and_equal_rows_in_their_order(jobs: Any) -> None:
    assert order(jobs, ["n"]) == "24153"
    assert order(jobs, ["n"], ascending=False) == "51243"


def test_times_sort_as_points_in_time(jobs: Any) -> None:
    assert order(jobs, ["when"]) == "14235"


def test_several_columns(jobs: Any) -> None:
    assert order(jobs, ["name", "n"]) == "21345"
    assert order(jobs, ["name", "n"], ascending=False) == "41325"


def test_leading_zeros_are_text(jobs: Any) -> None:
    ended = jobs.transform("zip\n10\n009\n2\n", jobs.facet("MID.SORT", target_columns=["zip"]))

    assert ended.rows() == [["zip"], ["009"], ["10"], ["2"]]


def test_columns_that_are_not_there_or_named_twice(jobs: Any) -> None:
    unknown = jobs.transform(CONTENT, jobs.facet("MID.SORT", "s", target_columns=["Name"]))
    twice = jobs.transform(CONTENT, jobs.facet("MID.SORT", "s", target_columns=["n", "n"]))

    assert "there is no column 'Name'; did you mean 'name'? There is: 'id', 'n', 'name', 'when'." in unknown.message
    assert "column 'n' is named twice" in twice.message


@many
def test_rows_are_sorted_as_by_pandas(jobs: Any, examples: int) -> None:
    targets = names(list(VALUES)).filter(bool)

    @on_random_tables(examples, targets=targets, ascending=st.booleans())
    def check(table: Any, targets: list[str], ascending: bool) -> None:
        facet = jobs.facet("MID.SORT", target_columns=targets, ascending=ascending)

        order = table.values.sort_values(targets, ascending=ascending, kind="stable", na_position="last").index
        assert_texts(transformed(jobs, table, facet), table.texts.loc[order])
