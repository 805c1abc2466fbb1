"""Forecasts, compared with the series that they continue and with pandas."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest

from .models import Trained, records
from .random_tables import GROUP, SHARE, TYPES, WHEN, many, on_random_tables

PARAMETERS = {"time_column": "day", "value_column": "n"}


def daily(values: list[float | None], start: str = "2026-01-01", freq: str = "D") -> str:
    days = pd.date_range(start, periods=len(values), freq=freq)
    rows = [f"{day:%Y-%m-%d},{'' if value is None else value}" for day, value in zip(days, values, strict=True)]
    return "\n".join(["day,n", *rows]) + "\n"


def told(jobs: Any, kind: str, content: str, count: int = 3, **more: Any) -> list[dict[str, Any]]:
    model = Trained(jobs, "MID.TIME_SERIES_ANALYSIS", "Time Series", kind)
    ended = model.run((content, {}), parameters=PARAMETERS, hyperparameters={"interval_to_predict": count, **more})
    assert ended.message == ""
    assert ended.types() == {"day": "TIME", "predicted_n": "NUMERIC"}
    return records(ended)


def numbers(rows: list[dict[str, Any]]) -> list[float]:
    return [float(row["predicted_n"]) for row in rows]


def test_the_last_value_goes_on(jobs: Any) -> None:
    assert told(jobs, "Last Interval", daily([1, 2, 7.5]), 2) == [
        {"day": "2026-01-04", "predicted_n": "7.5"},
        {"day": "2026-01-05", "predicted_n": "7.5"},
    ]


def test_a_moving_average_is_that_of_the_last_values(jobs: Any) -> None:
    assert numbers(told(jobs, "Sma", daily([9, 1, 2, 6]))) == [3.0] * 3
    assert numbers(told(jobs, "Sma", daily([9, 1, 2, 6]), window_size=2)) == [4.0] * 3


def test_intermittent_demands_are_smoothed_as_croston_does(jobs: Any) -> None:
    """Sizes 4, 6, 2 after 2, 3, 1 times: size 4, 4.2, 3.98; distance 2, 2.1, 1.99."""
    assert numbers(told(jobs, "Croston", daily([0, 4, 0, 0, 6, 2, 0]), 1)) == [pytest.approx(3.98 / 1.99)]
    assert numbers(told(jobs, "Croston", daily([0, 0, 0]), 1)) == [0.0]


def test_a_line_with_weeks_goes_on(jobs: Any) -> None:
    def value(day: int) -> float:
        return 10 + 0.5 * day + 3 * math.sin(2 * math.pi * day / 7)

    rows = told(jobs, "Additive", daily([value(day) for day in range(28)]), 5)
    assert numbers(rows) == pytest.approx([value(day) for day in range(28, 33)], abs=1e-6)
    flat = told(jobs, "Additive", daily([4, 6, 5, 5]), growth="flat")
    assert numbers(flat) == pytest.approx([5.0] * 3)


@pytest.mark.parametrize(
    ("freq", "start", "days"),
    [
        ("MS", "2026-01-01", ["2026-04-01", "2026-05-01"]),
        ("ME", "2025-12-31", ["2026-03-31", "2026-04-30"]),
        ("W-SUN", "2026-01-04", ["2026-01-25", "2026-02-01"]),
        ("B", "2026-01-05", ["2026-01-08", "2026-01-09"]),
    ],
)
def test_times_go_on_in_their_rhythm(jobs: Any, freq: str, start: str, days: list[str]) -> None:
    rows = told(jobs, "Last Interval", daily([1, 2, 3], start, freq), 2)
    assert [row["day"] for row in rows] == days


def test_times_of_day_stay_and_those_without_a_rhythm_go_on_at_the_median_distance(jobs: Any) -> None:
    content = "day,n\n2026-01-01T10:00:00+01:00,1\n2026-01-01T10:00:00Z,2\n2026-01-01T13:00:00Z,3\n"
    assert [row["day"] for row in told(jobs, "Last Interval", content, 1)] == ["2026-01-01T15:00:00Z"]


@many
def test_each_combination_of_identifiers_is_a_series_as_with_pandas(jobs: Any, examples: int) -> None:
    @on_random_tables(examples)
    def check(table: Any) -> None:
        # Times are made different, so that each series has each of them once, in another order than that of rows.
        times = [f"2026-01-{28 - row:02}" for row in range(len(table.texts))]
        texts, values = table.texts.assign(**{WHEN: times}), table.values.assign(**{WHEN: times})
        known = values.sort_values(WHEN).groupby(GROUP, dropna=False, sort=False)[SHARE].ffill()
        counts = known.groupby(table.texts[GROUP], dropna=False, sort=False).count()
        model = Trained(jobs, "MID.TIME_SERIES_ANALYSIS", "Time Series", "Sma")
        parameters = {"time_column": WHEN, "value_column": SHARE, "identifier_columns": [GROUP]}
        content = type(table)(texts, values).content
        ended = model.run((content, {}), types=TYPES, parameters=parameters, hyperparameters={"interval_to_predict": 1})
        if (counts < 2).any():
            assert "a forecast needs two" in ended.message
            return
        means = known.groupby(table.texts[GROUP], dropna=False).apply(lambda each: each.dropna().tail(3).mean())
        assert ended.message == ""
        given = records(ended)
        assert [row[GROUP] for row in given] == [None if pd.isna(name) else name for name in counts.index]
        for row, name in zip(given, counts.index, strict=True):
            expected = means[means.index.isna()].iloc[0] if pd.isna(name) else means[name]
            assert float(row[f"predicted_{SHARE}"] or "nan") == pytest.approx(expected)


def test_missing_values_are_filled_and_those_before_the_first_left_out(jobs: Any) -> None:
    assert numbers(told(jobs, "Sma", daily([None, 3, None, 6]), 1)) == [4.0]


def test_a_version_keeps_the_figures_of_a_holdout_and_overwrite_trains_again(jobs: Any) -> None:
    model = Trained(jobs, "MID.TIME_SERIES_ANALYSIS", "Time Series", "Last Interval")
    given = {"parameters": PARAMETERS, "hyperparameters": {"interval_to_predict": 2}}
    content = daily([1, 1, 1, 1, 1, 2, 4, 5])
    made = model.run((content, {}), **given).model_versions
    # From 2, the last two values 4 and 5 are told as 2 and 2.
    performance = {name: figures["average_test"] for name, figures in made[0]["metrics"]["performance"].items()}
    assert performance == {
        "mean_absolute_error": 2.5,
        "mean_squared_error": 6.5,
        "mean_absolute_percentage_error": pytest.approx((2 / 4 + 3 / 5) / 2),
        "weighted_mean_absolute_percentage_error": pytest.approx(5 / 9),
    }
    assert "is trained already (its newest version is 'initial'); set overwrite to true" in model.refusal(
        (content, {}), **given
    )
    again = model.run((content, {}), overwrite=True, **given).model_versions
    assert [version["name"] for version in again] == ["initial 2"]


@pytest.mark.parametrize(
    ("kind", "content", "arguments", "reason"),
    [
        (
            "Sarimax",
            daily([1, 2]),
            {},
            "does not run the model Sarimax; it runs Additive, Sma, Croston, Last Interval.",
        ),
        ("Sma", daily([1, 2]), {"hyperparameters": {"window_size": 0}}, "'window_size' is 0"),
        ("Sma", daily([1, 2]), {"hyperparameters": {"interval_to_predict": 0.5}}, "'interval_to_predict' is 0.5"),
        ("Croston", daily([1, 2]), {"hyperparameters": {"alpha": 2}}, "'alpha' is 2; it is above 0 and at most 1"),
        ("Sma", daily([1, 2]), {"parameters": {"time_column": "day"}}, "it needs the parameter 'value_column'"),
        ("Sma", daily([1, 2]) + "2026-01-02,3\n", {}, "the series has the time 2026-01-02T00:00:00 in several rows"),
        ("Sma", daily([1]), {}, "the series has 1 values; a forecast needs two"),
    ],
)
def test_what_cannot_be_told(jobs: Any, kind: str, content: str, arguments: dict[str, Any], reason: str) -> None:
    model = Trained(jobs, "MID.TIME_SERIES_ANALYSIS", "Time Series", kind)
    assert reason in model.refusal((content, {}), **{"parameters": PARAMETERS, **arguments})


def test_a_table_without_rows_has_no_forecasts(jobs: Any) -> None:
    model = Trained(jobs, "MID.TIME_SERIES_ANALYSIS", "Time Series", "Sma")
    ended = model.run(("day,n\n", {}), parameters=PARAMETERS)
    assert (ended.message, ended.rows()) == ("", [["day", "predicted_n"]])
