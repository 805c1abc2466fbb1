from __future__ import annotations

from typing import Any

import pytest

from .random_tables import GROUP, TYPES, assert_texts, many, on_random_tables
from .two_tables import of_two


@many
def test_values_are_replaced_as_by_pandas(jobs: Any, examples: int) -> None:
    @on_random_tables(examples)
    def check(table: Any) -> None:
        left = jobs.facet("INPUT.IMPORTED", "left", dataset_id=jobs.dataset(table.content, TYPES))
        right = jobs.imported("from,to\na,1\nb,\n,x\nz,y\n", "right")
        ended = of_two(jobs, jobs.facet("MID.SUBSTITUTE", "s", target_column=GROUP), left, right)

        changed = [{"a": "1", "b": None}.get(value, value) for value in table.texts[GROUP]]
        assert_texts(ended, table.texts.assign(**{GROUP: changed}))


def substituted(jobs: Any, left: str, right: str) -> Any:
    facet = jobs.facet("MID.SUBSTITUTE", "s", target_column="a")
    return of_two(jobs, facet, jobs.imported(left, "left"), jobs.imported(right, "right"))


def test_numbers_are_compared_as_numbers_and_types_inferred_again(jobs: Any) -> None:
    numbers = substituted(jobs, "a\n1.0\n2\n", "f,t\n1,x\n")
    texts = substituted(jobs, "a\nx\ny\n", "f,t\nx,1\ny,2\n")

    assert numbers.rows() == [["a"], ["x"], ["2"]]
    assert texts.types() == {"a": "NUMERIC"}


def test_a_mark_of_a_missing_number_stays(jobs: Any) -> None:
    assert substituted(jobs, "a,b\n1,x\nNA,y\n", "f,t\nNA,z\n1,2\n").rows() == [["a", "b"], ["2", "x"], ["NA", "y"]]


@pytest.mark.parametrize(
    ("right", "reason"),
    [
        ("f\n1\n", "the right table has 1 columns; it needs two: what to find, and what to put for it"),
        ("f,t\n1,x\n1.0,y\n", "the right table's column 'f' has '1' in several rows"),
    ],
)
def test_what_to_put_has_to_be_clear(jobs: Any, right: str, reason: str) -> None:
    assert reason in substituted(jobs, "a\n1\n", right).message
