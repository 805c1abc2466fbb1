from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from .random_tables import assert_texts, many, on_random_tables, texts_of, transformed


@many
def test_each_row_gets_the_time_of_the_run(jobs: Any, examples: int) -> None:
    @on_random_tables(examples)
    def check(table: Any) -> None:
        before = datetime.now(UTC).replace(microsecond=0)
        ended = transformed(jobs, table, jobs.facet("MID.ADD_CURRENT_TIME"))
        after = datetime.now(UTC)

        times = texts_of(ended)["current_time"]
        assert all(before <= datetime.fromisoformat(time) <= after for time in times)
        assert times.nunique() <= 1
        assert_texts(ended, table.texts.assign(current_time=times))
        assert ended.types()["current_time"] == "TIME"
