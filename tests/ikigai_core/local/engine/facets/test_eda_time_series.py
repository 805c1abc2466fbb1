from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from .random_tables import GROUP, SHARE, WHEN, assert_values, many, on_random_tables, transformed

NUMBERS = ["mean", "std", "min", "25%", "50%", "75%", "max"]


def described(series: pd.DataFrame) -> dict[str, Any]:
    """Return the statistics of one series, by pandas and NumPy."""
    series = series.sort_values(WHEN, kind="stable")
    values, times = series[SHARE], series[WHEN]
    days = (times - pd.Timestamp(0, tz="UTC")) / pd.Timedelta(days=1)
    known = values.notna()
    has_line = known.sum() > 1 and times[known].nunique() > 1
    return {
        "count": len(series),
        "missing": values.isna().sum(),
        "start": times.min(),
        "end": times.max(),
        "median_step_seconds": times.diff().dt.total_seconds().median(),
        **{name: values.describe()[name] for name in NUMBERS},
        "slope_per_day": np.polyfit(days[known] - days.min(), values[known], 1)[0] if has_line else np.nan,
        "autocorrelation": autocorrelation(values),
    }


def autocorrelation(values: Any) -> float:
    pairs = pd.DataFrame({"now": values, "before": values.shift()}).dropna()
    if len(pairs) < 2 or pairs["now"].nunique() == 1 or pairs["before"].nunique() == 1:
        return float("nan")
    return float(np.corrcoef(pairs["now"], pairs["before"])[0, 1])


@many
def test_series_are_described_as_by_pandas(jobs: Any, examples: int) -> None:
    @on_random_tables(examples)
    def check(table: Any) -> None:
        facet = jobs.facet("MID.EDA_TIME_SERIES", time_column=WHEN, value_column=SHARE, identifier_columns=[GROUP])

        known = table.values.dropna(subset=[WHEN])
        groups = list(known.groupby(GROUP, sort=False, dropna=False))
        columns = [GROUP, *described(known)]
        rows = [[group, *described(series).values()] for group, series in groups]
        assert_values(transformed(jobs, table, facet), pd.DataFrame(rows, columns=columns))


def test_a_table_can_be_one_series(jobs: Any) -> None:
    content = "t,v\n2013-01-03,3\n2013-01-01,1\n2013-01-02,2\n2013-01-04,5\n"
    ended = jobs.transform(content, jobs.facet("MID.EDA_TIME_SERIES", time_column="t", value_column="v"))

    found = dict(zip(*ended.rows(), strict=True))
    assert (found["count"], found["start"], found["end"]) == ("4", "2013-01-01", "2013-01-04")
    assert float(found["median_step_seconds"]) == 86400
    assert round(float(found["slope_per_day"]), 9) == 1.3
    assert ended.types()["start"] == "TIME"
