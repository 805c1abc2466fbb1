from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import strategies as st

from .random_tables import COUNT, GROUP, SHARE, TEXT, WHEN, assert_values, many, names, on_random_tables, transformed


@many
def test_groups_are_aggregated_as_by_pandas(jobs: Any, examples: int) -> None:
    aggregations = st.sampled_from(["sum", "mean", "min", "max", "count"])

    @on_random_tables(examples, groups=names([GROUP, TEXT, WHEN]), aggregation=aggregations)
    def check(table: Any, groups: list[str], aggregation: str) -> None:
        facet = jobs.facet("MID.SUMMARY", group_columns=groups, target_columns=[SHARE, COUNT], aggregation=aggregation)

        frame = table.values.assign(**{WHEN: table.texts[WHEN]}).astype({COUNT: "float64"})
        if groups:
            grouped = frame.groupby(groups, sort=False, dropna=False)[[SHARE, COUNT]]
            options = {"min_count": 1} if aggregation == "sum" else {}
            expected = getattr(grouped, aggregation)(**options).reset_index()
        else:
            options = {"min_count": 1} if aggregation == "sum" else {}
            expected = pd.DataFrame([getattr(frame[[SHARE, COUNT]], aggregation)(**options)])
        assert_values(transformed(jobs, table, facet), expected)


def test_extremes_of_texts_and_times_keep_their_form(jobs: Any) -> None:
    content = "g,s,t\na,b,2013-01-02\na,B,2013-01-01T23:00:00-02:00\na,,2013-01-02T01:00:00Z\nb,,\n"
    facet = {"group_columns": ["g"], "target_columns": ["s", "t"]}
    least = jobs.transform(content, jobs.facet("MID.SUMMARY", aggregation="min", **facet))
    most = jobs.transform(content, jobs.facet("MID.SUMMARY", aggregation="max", **facet))

    assert least.rows()[1:] == [["a", "B", "2013-01-02"], ["b", "", ""]]
    assert most.rows()[1:] == [["a", "b", "2013-01-01T23:00:00-02:00"], ["b", "", ""]]
    assert most.types() == {"g": "CATEGORICAL", "s": "TEXT", "t": "TIME"}


def test_sums_of_whole_numbers_are_exact_and_whole(jobs: Any) -> None:
    big = 10**17 + 1
    content = f"n\n{big}\n{big}\n"
    whole = jobs.transform(content, jobs.facet("MID.SUMMARY", target_columns=["n"]))
    beyond = jobs.transform("n\n" + f"{9 * big}\n" * 9, jobs.facet("MID.SUMMARY", target_columns=["n"]))

    assert whole.rows() == [["n"], [str(2 * big)]]
    assert whole.outputs[0]["columns"]["n"]["data_formats"] == {"numeric_format": "INTEGER"}
    assert beyond.rows() == [["n"], [str(81 * big)]]
    assert beyond.outputs[0]["columns"]["n"] == {"data_type": "NUMERIC", "data_formats": {}}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"target_columns": ["s"]}, "column 's' is TEXT, and it has to be NUMERIC"),
        ({"target_columns": ["n"], "group_columns": ["n"]}, "column 'n' is in group_columns and in target_columns"),
        ({"target_columns": ["m"]}, "there is no column 'm'"),
    ],
)
def test_what_cannot_be_aggregated(jobs: Any, arguments: dict[str, Any], reason: str) -> None:
    assert reason in jobs.transform("n,s\n1,a\n", jobs.facet("MID.SUMMARY", **arguments)).message
