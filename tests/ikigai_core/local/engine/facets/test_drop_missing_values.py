from __future__ import annotations

from typing import Any

from .random_tables import COUNT, GROUP, SHARE, TEXT, WHEN, assert_texts, many, names, on_random_tables, transformed


@many
def test_rows_stay_as_with_pandas(jobs: Any, examples: int) -> None:
    @on_random_tables(examples, targets=names([COUNT, SHARE, GROUP, WHEN, TEXT]))
    def check(table: Any, targets: list[str]) -> None:
        ended = transformed(jobs, table, jobs.facet("MID.DROP_MISSING_VALUES", target_columns=targets))

        assert_texts(ended, table.texts.loc[table.values.dropna(subset=targets or None).index])


def test_an_empty_text_is_a_value(jobs: Any) -> None:
    ended = jobs.transform('a,b\n1,""\n2,\n3,x\n', jobs.facet("MID.DROP_MISSING_VALUES"))

    assert [row[0] for row in ended.rows()] == ["a", "1", "3"]
