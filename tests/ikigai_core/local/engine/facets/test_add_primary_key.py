from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from .random_tables import assert_texts, many, on_random_tables, transformed


@many
def test_rows_are_numbered_as_pandas_would(jobs: Any, examples: int) -> None:
    @on_random_tables(examples, start=st.integers(-5, 5))
    def check(table: Any, start: int) -> None:
        ended = transformed(jobs, table, jobs.facet("MID.ADD_PRIMARY_KEY", output_column_name="Rowid", start=start))

        numbers = [str(number) for number in range(start, start + len(table.texts))]
        assert_texts(ended, table.texts.assign(Rowid=numbers))
        assert ended.outputs[0]["columns"]["Rowid"]["data_formats"] == {"numeric_format": "INTEGER"}


def test_what_cannot_be_numbered(jobs: Any) -> None:
    half = jobs.transform("a\n1\n", jobs.facet("MID.ADD_PRIMARY_KEY", start=0.5))
    taken = jobs.transform("id\n1\n", jobs.facet("MID.ADD_PRIMARY_KEY"))

    assert "start is 0.5; rows are numbered with whole numbers" in half.message
    assert "column name 'id' occurs 2 times" in taken.message
