from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from .random_tables import WHEN, assert_values, many, on_random_tables, transformed


@many
def test_units_are_those_of_pandas(jobs: Any, examples: int) -> None:
    units = st.sampled_from(["second", "minute", "hour", "day", "week", "month", "quarter", "year"])

    @on_random_tables(examples, unit=units)
    def check(table: Any, unit: str) -> None:
        ended = transformed(jobs, table, jobs.facet("MID.GET_TIME_UNIT", target_column=WHEN, unit=unit))

        parts = table.values[WHEN].dt
        expected = parts.isocalendar()["week"] if unit == "week" else getattr(parts, unit)
        assert_values(ended, table.values.assign(**{f"{WHEN}_{unit}": expected}))


def test_the_column_can_be_named_and_is_whole(jobs: Any) -> None:
    facet = jobs.facet("MID.GET_TIME_UNIT", target_column="t", unit="hour", output_column_name="h")
    ended = jobs.transform("t\n2013-01-01T01:59:59-02:00\n", facet)

    assert ended.rows() == [["t", "h"], ["2013-01-01T01:59:59-02:00", "3"]]
    assert ended.outputs[0]["columns"]["h"]["data_formats"] == {"numeric_format": "INTEGER"}
