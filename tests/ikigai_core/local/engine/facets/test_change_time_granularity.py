from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st

from .random_tables import WHEN, assert_values, many, on_random_tables, transformed

UNITS = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")
PERIODS = dict(zip(UNITS, ("s", "min", "h", "D", "W", "M", "Q", "Y"), strict=True))


@many
def test_times_are_set_back_as_by_pandas(jobs: Any, examples: int) -> None:
    @on_random_tables(examples, unit=st.sampled_from(list(PERIODS)))
    def check(table: Any, unit: str) -> None:
        facet = jobs.facet("MID.CHANGE_TIME_GRANULARITY", target_column=WHEN, unit=unit)

        times = table.values[WHEN].dt.tz_localize(None).dt.to_period(PERIODS[unit]).dt.start_time
        expected = table.values.assign(**{WHEN: times.dt.tz_localize("UTC")})
        assert_values(transformed(jobs, table, facet), expected)


@pytest.mark.parametrize(
    ("unit", "expected"),
    [("hour", "2013-05-16T22:00:00Z"), ("day", "2013-05-16"), ("week", "2013-05-13"), ("quarter", "2013-04-01")],
)
def test_days_and_longer_are_dates(jobs: Any, unit: str, expected: str) -> None:
    facet = jobs.facet("MID.CHANGE_TIME_GRANULARITY", target_column="t", unit=unit)

    assert jobs.transform("t\n2013-05-17T00:30:00+02:00\n", facet).rows() == [["t"], [expected]]


def test_other_formats_come_out_in_iso_8601(jobs: Any) -> None:
    types = {"t": {"data_type": "TIME", "data_formats": {"time_format": "%d.%m.%Y"}}}
    source = jobs.facet("INPUT.IMPORTED", "source", dataset_id=jobs.dataset("t\n17.05.2013\n", types))
    ended = jobs.run(
        [source, jobs.facet("MID.CHANGE_TIME_GRANULARITY", target_column="t", unit="month"), jobs.exported()]
    )

    assert ended.rows() == [["t"], ["2013-05-01"]]
    assert ended.outputs[0]["columns"]["t"] == {"data_type": "TIME", "data_formats": {}}
