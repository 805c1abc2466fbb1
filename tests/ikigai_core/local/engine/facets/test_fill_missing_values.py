from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import strategies as st

from ikigai_core.local.engine.tables import Tables

from .random_tables import COUNT, GROUP, SHARE, TEXT, WHEN, assert_values, many, names, on_random_tables, transformed

ALL = [COUNT, SHARE, GROUP, WHEN, TEXT]
NUMBERS = [COUNT, SHARE]


@many
def test_neighbours_fill_as_with_pandas(jobs: Any, examples: int) -> None:
    @on_random_tables(examples, method=st.sampled_from(["forward_fill", "backward_fill"]), targets=names(ALL))
    def check(table: Any, method: str, targets: list[str]) -> None:
        facet = jobs.facet("MID.FILL_MISSING_VALUES", method=method, target_columns=targets)

        filled = getattr(table.values, {"forward_fill": "ffill", "backward_fill": "bfill"}[method])()
        assert_values(transformed(jobs, table, facet), table.values.assign(**filled[targets or ALL]))


@many
def test_numbers_fill_as_with_pandas(jobs: Any, examples: int) -> None:
    @on_random_tables(examples, method=st.sampled_from(["mean", "zero", "value"]), targets=names(NUMBERS))
    def check(table: Any, method: str, targets: list[str]) -> None:
        if method == "value":
            targets = targets or [SHARE]
        facet = jobs.facet("MID.FILL_MISSING_VALUES", method=method, target_columns=targets, value="2.5")

        expected = table.values.astype({COUNT: "float64"})
        for name in targets or NUMBERS:
            fill = {"mean": expected[name].mean(), "zero": 0.0, "value": 2.5}[method]
            expected[name] = expected[name] if pd.isna(fill) else expected[name].fillna(fill)
        assert_values(transformed(jobs, table, facet), expected)


def test_known_values_keep_their_form_and_whole_numbers_stay_whole(jobs: Any) -> None:
    content = "n,x,s\n1,1.50,007\n,NA,\n3,2.0,b\n"
    whole = jobs.transform(content, jobs.facet("MID.FILL_MISSING_VALUES", value="2"))
    mean = jobs.transform(content, jobs.facet("MID.FILL_MISSING_VALUES", method="mean"))

    assert whole.rows()[1:] == [["1", "1.50", "007"], ["2", "2", "2"], ["3", "2.0", "b"]]
    assert whole.outputs[0]["columns"]["n"]["data_formats"] == {"numeric_format": "INTEGER"}
    assert mean.rows()[2] == ["2.0", "1.75", ""]
    assert mean.types() == {"n": "NUMERIC", "x": "NUMERIC", "s": "TEXT"}


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({}, "method 'value' needs the argument 'value'; set it"),
        ({"value": "x"}, "value 'x' is no number, but column 'n' is NUMERIC; give a number"),
        ({"value": "x", "target_columns": ["t"]}, "value 'x' is no time, but column 't' is TIME; give a time"),
        ({"method": "mean", "target_columns": ["s"]}, "column 's' is TEXT, and it has to be NUMERIC"),
    ],
)
def test_what_cannot_fill(jobs: Any, arguments: dict[str, Any], reason: str) -> None:
    ended = jobs.transform("n,s,t\n1,a,2013-01-01\n,,\n", jobs.facet("MID.FILL_MISSING_VALUES", **arguments))

    assert reason in ended.message


@pytest.mark.soak
def test_very_many_columns_are_filled(jobs: Any) -> None:
    names = [f"n{number}" for number in range(1_010)]
    lines = [",".join(names), *(",".join([value] * len(names)) for value in ("1", "2", ""))]
    ended = jobs.transform("\n".join(lines) + "\n", jobs.facet("MID.FILL_MISSING_VALUES", method="mean"))

    assert ended.message == ""
    assert set(ended.rows()[3]) == {"1.5"}


def test_means_are_computed_one_at_a_time(jobs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    most = 0
    execute = Tables.execute

    def counting(tables: Tables, sql: str, *arguments: Any) -> Any:
        nonlocal most
        most = max(most, sql.count("FROM"))
        return execute(tables, sql, *arguments)

    monkeypatch.setattr(Tables, "execute", counting)
    ended = jobs.transform("a,b,c,d,e\n1,2,3,4,5\n,,,,\n", jobs.facet("MID.FILL_MISSING_VALUES", method="mean"))

    assert ended.rows()[2] == ["1.0", "2.0", "3.0", "4.0", "5.0"]
    assert 0 < most < 5
