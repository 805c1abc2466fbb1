from __future__ import annotations

from typing import Any

from .random_tables import assert_texts, many, on_random_tables, transformed


@many
def test_each_row_gets_the_value(jobs: Any, examples: int) -> None:
    new = [{"column_name": "it's", "value": "O'Hara"}, {"column_name": "none"}, {"column_name": "n", "value": 7}]

    @on_random_tables(examples)
    def check(table: Any) -> None:
        ended = transformed(jobs, table, jobs.facet("MID.NEW_COLUMNS", columns=new))

        assert_texts(ended, table.texts.assign(**{"it's": "O'Hara", "none": None, "n": "7"}))


def test_types_are_those_of_the_values(jobs: Any) -> None:
    new = [{"column_name": name, "value": name} for name in ("1", "2.5", "2013-01-01", "x")]
    ended = jobs.transform("a\n1\n", jobs.facet("MID.NEW_COLUMNS", columns=new))

    assert ended.types() == {"a": "NUMERIC", "1": "NUMERIC", "2.5": "NUMERIC", "2013-01-01": "TIME", "x": "TEXT"}


def test_a_name_that_is_taken(jobs: Any) -> None:
    ended = jobs.transform("a\n1\n", jobs.facet("MID.NEW_COLUMNS", columns=[{"column_name": "a", "value": "1"}]))

    assert "column name 'a' occurs 2 times" in ended.message
