from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st

from .random_tables import COUNT, SHARE, assert_values, many, on_random_tables, transformed


@many
def test_windows_are_those_of_pandas(jobs: Any, examples: int) -> None:
    aggregations = st.sampled_from(["sum", "mean", "min", "max", "count"])

    @on_random_tables(examples, name=st.sampled_from([COUNT, SHARE]), size=st.integers(1, 4), aggregation=aggregations)
    def check(table: Any, name: str, size: int, aggregation: str) -> None:
        facet = jobs.facet("MID.ROLLING_WINDOW", target_column=name, window_size=size, aggregation=aggregation)

        windows = table.values[name].astype("float64").rolling(size, min_periods=0 if aggregation == "count" else size)
        expected = table.values.assign(**{f"rolling_{aggregation}_{name}": getattr(windows, aggregation)()})
        assert_values(transformed(jobs, table, facet), expected)


def test_whole_numbers_stay_whole(jobs: Any) -> None:
    ended = jobs.transform("n\n1\n2\n4\n", jobs.facet("MID.ROLLING_WINDOW", target_column="n", window_size=2))
    total = jobs.transform(
        "n\n1\n2\n4\n", jobs.facet("MID.ROLLING_WINDOW", target_column="n", window_size=2, aggregation="sum")
    )

    assert ended.rows() == [["n", "rolling_mean_n"], ["1", ""], ["2", "1.5"], ["4", "3.0"]]
    assert total.rows() == [["n", "rolling_sum_n"], ["1", ""], ["2", "3"], ["4", "6"]]
    assert total.outputs[0]["columns"]["rolling_sum_n"]["data_formats"] == {"numeric_format": "INTEGER"}


@pytest.mark.parametrize("size", [0, 1.5, -1])
def test_a_window_is_a_number_of_rows(jobs: Any, size: float) -> None:
    ended = jobs.transform("n\n1\n", jobs.facet("MID.ROLLING_WINDOW", target_column="n", window_size=size))

    assert f"window_size is {size}; it is a number of rows, 1 or more" in ended.message
