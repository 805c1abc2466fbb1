from __future__ import annotations

from typing import Any

from .random_tables import assert_texts, many, on_random_tables, transformed


@many
def test_rows_become_columns_as_with_pandas(jobs: Any, examples: int) -> None:
    @on_random_tables(examples)
    def check(table: Any) -> None:
        ended = transformed(jobs, table, jobs.facet("MID.TRANSPOSE"))

        expected = table.texts.T
        expected.columns = [f"row_{number}" for number in range(1, len(table.texts) + 1)]
        assert_texts(ended, expected.rename_axis("column").reset_index())


def test_types_are_inferred(jobs: Any) -> None:
    ended = jobs.transform("a,b\n1,2.5\nx,\n,\n", jobs.facet("MID.TRANSPOSE"))

    assert ended.types() == {"column": "TEXT", "row_1": "NUMERIC", "row_2": "TEXT", "row_3": "TEXT"}


def test_too_many_rows(jobs: Any) -> None:
    ended = jobs.transform("a\n" + "1\n" * 10_001, jobs.facet("MID.TRANSPOSE"))

    assert "the table has 10,001 rows, and each would become a column; keep at most 10,000" in ended.message
