from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from .random_tables import TEXT, WHEN, assert_texts, many, on_random_tables, transformed


@many
def test_parts_are_those_of_pandas(jobs: Any, examples: int) -> None:
    delimiters = st.sampled_from([" ", ",", "-", ".", "0", "'", "a"])

    @on_random_tables(examples, name=st.sampled_from([TEXT, WHEN]), delimiter=delimiters)
    def check(table: Any, name: str, delimiter: str) -> None:
        facet = jobs.facet("MID.TEXT_SPLIT", target_column=name, delimiter=delimiter)

        expected = table.texts.copy()
        if expected[name].notna().any():
            parts = expected[name].str.split(delimiter, expand=True, regex=False)
            expected = expected.assign(**{f"{name}_{number + 1}": parts[number] for number in parts.columns})
        assert_texts(transformed(jobs, table, facet), expected)


def test_types_are_inferred(jobs: Any) -> None:
    ended = jobs.transform("s\n1-x\n2\n", jobs.facet("MID.TEXT_SPLIT", target_column="s", delimiter="-"))

    assert ended.rows() == [["s", "s_1", "s_2"], ["1-x", "1", "x"], ["2", "2", ""]]
    assert ended.types() == {"s": "TEXT", "s_1": "NUMERIC", "s_2": "TEXT"}


def test_too_many_parts(jobs: Any) -> None:
    content = "s\n" + "-" * 1000 + "\n"
    ended = jobs.transform(content, jobs.facet("MID.TEXT_SPLIT", target_column="s", delimiter="-"))

    assert "a text of column 's' has 1,001 parts, and each would become a column; at most 1,000 do" in ended.message
