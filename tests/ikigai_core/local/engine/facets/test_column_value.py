from __future__ import annotations

from typing import Any

from .random_tables import TYPES, assert_texts, many, on_random_tables
from .two_tables import of_two


@many
def test_each_row_gets_the_values_of_the_only_row(jobs: Any, examples: int) -> None:
    @on_random_tables(examples)
    def check(table: Any) -> None:
        left = jobs.facet("INPUT.IMPORTED", "left", dataset_id=jobs.dataset(table.content, TYPES))
        right = jobs.imported("rate,day\n1.50,\n", "right")
        ended = of_two(jobs, jobs.facet("MID.COLUMN_VALUE", "v"), left, right)

        assert_texts(ended, table.texts.assign(rate="1.50", day=None))


def values(jobs: Any, right: str) -> Any:
    left = jobs.imported("a\n1\n2\n", "left")
    return of_two(jobs, jobs.facet("MID.COLUMN_VALUE", "v"), left, jobs.imported(right, "right"))


def test_without_a_row_the_values_are_missing(jobs: Any) -> None:
    assert values(jobs, "b,c\n").rows() == [["a", "b", "c"], ["1", "", ""], ["2", "", ""]]


def test_which_row_is_meant_has_to_be_clear(jobs: Any) -> None:
    assert "the right table has 2 rows, and its values go to each row" in values(jobs, "b\n1\n2\n").message
    assert "column name 'a' occurs 2 times" in values(jobs, "a\n1\n").message
