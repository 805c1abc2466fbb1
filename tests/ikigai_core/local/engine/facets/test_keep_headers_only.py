from __future__ import annotations

from typing import Any

from .random_tables import TYPES, assert_texts, many, on_random_tables, transformed


@many
def test_columns_and_types_stay_without_rows(jobs: Any, examples: int) -> None:
    @on_random_tables(examples)
    def check(table: Any) -> None:
        ended = transformed(jobs, table, jobs.facet("MID.KEEP_HEADERS_ONLY"))

        assert_texts(ended, table.texts.head(0))
        assert ended.outputs[0]["columns"] == TYPES
