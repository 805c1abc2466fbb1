from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import strategies as st

from .random_tables import WHEN, assert_values, many, on_random_tables, transformed

UNITS = ["second", "minute", "hour", "day", "week", "month", "year"]


@many
def test_times_are_shifted_as_by_pandas(jobs: Any, examples: int) -> None:
    @on_random_tables(examples, unit=st.sampled_from(UNITS), amount=st.integers(-50, 50))
    def check(table: Any, unit: str, amount: int) -> None:
        facet = jobs.facet("MID.ADD_OR_SUBTRACT_TIME", target_column=WHEN, unit=unit, amount=amount)

        shift = pd.DateOffset(**{f"{unit}s": amount})
        shifted = [pd.NaT if pd.isna(time) else time + shift for time in table.values[WHEN]]
        assert_values(transformed(jobs, table, facet), table.values.assign(**{WHEN: pd.Series(shifted, dtype=object)}))


def shifted(jobs: Any, time: str, **arguments: Any) -> Any:
    return jobs.transform(f"t\n{time}\n", jobs.facet("MID.ADD_OR_SUBTRACT_TIME", target_column="t", **arguments))


@pytest.mark.parametrize(
    ("time", "arguments", "expected"),
    [
        ("2013-01-31", {"amount": 1, "unit": "month"}, "2013-02-28"),
        ("2013-01-31", {"amount": -1, "unit": "quarter"}, "2012-10-31"),
        ("2013-01-31", {"amount": 1, "unit": "hour"}, "2013-01-31T01:00:00Z"),
        ("2013-01-31", {"amount": 0.5}, "2013-01-31T12:00:00Z"),
        ("2013-01-31T23:30:00+02:00", {"amount": 2.5, "unit": "hour"}, "2013-02-01T00:00:00Z"),
        ("2013-01-31T00:00:00Z", {"amount": 0.25, "unit": "second"}, "2013-01-31T00:00:00.250000Z"),
    ],
)
def test_times_are_written_in_utc_and_dates_stay_dates(
    jobs: Any, time: str, arguments: dict[str, Any], expected: str
) -> None:
    ended = shifted(jobs, time, **arguments)

    assert ended.rows() == [["t"], [expected]]
    assert ended.types() == {"t": "TIME"}


def test_what_cannot_be_shifted(jobs: Any) -> None:
    half, number = shifted(jobs, "2013-01-01", amount=0.5, unit="month"), shifted(jobs, "7", amount=1)

    assert "amount is 0.5, and a month has no fixed length; give a whole number of them" in half.message
    assert "column 't' is NUMERIC, and it has to be TIME; name another" in number.message
