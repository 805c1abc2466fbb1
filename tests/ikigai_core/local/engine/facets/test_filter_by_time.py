from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import strategies as st

from .random_tables import WHEN, assert_texts, many, on_random_tables, transformed

BOUNDS = st.sampled_from([None, "1990-01-01", "2001-09-09T01:46:40Z", "2010-06-01T00:00:00+05:00", "2033-05-18"])


@many
def test_rows_in_the_range_stay_as_with_pandas(jobs: Any, examples: int) -> None:
    @on_random_tables(examples, start=BOUNDS, end=BOUNDS)
    def check(table: Any, start: str | None, end: str | None) -> None:
        if start is None and end is None:
            start = "1970-01-01"
        facet = jobs.facet("MID.FILTER_BY_TIME", target_column=WHEN, start_time=start, end_time=end)

        times = table.values[WHEN]
        kept = times.notna()
        kept &= times >= pd.to_datetime(start, utc=True) if start else True
        kept &= times <= pd.to_datetime(end, utc=True) if end else True
        assert_texts(transformed(jobs, table, facet), table.texts[kept])


def test_both_ends_are_in_the_range(jobs: Any) -> None:
    content = "t\n2013-01-01\n2013-01-02\n2013-01-02T01:00:00+01:00\n2013-01-02T00:00:01Z\n"
    facet = jobs.facet("MID.FILTER_BY_TIME", target_column="t", start_time="2013-01-02", end_time="2013-01-02")

    assert jobs.transform(content, facet).rows() == [["t"], ["2013-01-02"], ["2013-01-02T01:00:00+01:00"]]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({}, "it needs start_time, end_time or both; set one"),
        ({"end_time": "soon"}, "end_time 'soon' is no time, but column 't' is TIME; give a time"),
    ],
)
def test_what_is_no_range(jobs: Any, arguments: dict[str, Any], reason: str) -> None:
    ended = jobs.transform("t\n2013-01-01\n", jobs.facet("MID.FILTER_BY_TIME", target_column="t", **arguments))

    assert reason in ended.message
