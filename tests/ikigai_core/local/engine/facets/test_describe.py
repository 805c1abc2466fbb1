from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from ikigai_core.local.engine.tables import Tables

from .random_tables import COUNT, GROUP, SHARE, TEXT, WHEN, assert_values, many, on_random_tables, texts_of, transformed


@many
def test_numbers_are_described_as_by_pandas(jobs: Any, examples: int) -> None:
    @on_random_tables(examples)
    def check(table: Any) -> None:
        ended = transformed(jobs, table, jobs.facet("MID.DESCRIBE", target_columns=[COUNT, SHARE]))

        numbers = table.values[[COUNT, SHARE]].astype("float64")
        described = numbers.describe().T
        described.insert(1, "missing", numbers.isna().sum())
        described.insert(2, "distinct", numbers.nunique())
        described.insert(0, "data_type", "NUMERIC")
        assert_values(ended, described.rename_axis("column").reset_index())


@many
def test_texts_and_times_are_described_as_by_pandas(jobs: Any, examples: int) -> None:
    @on_random_tables(examples)
    def check(table: Any) -> None:
        ended = transformed(jobs, table, jobs.facet("MID.DESCRIBE", target_columns=[GROUP, WHEN, TEXT]))

        given = texts_of(ended).set_index("column")
        assert list(given.index) == [GROUP, WHEN, TEXT]
        for name in (GROUP, WHEN, TEXT):
            values = table.values[name]
            counts = [values.count(), values.isna().sum(), values.nunique()]
            assert [int(given.loc[name, what]) for what in ("count", "missing", "distinct")] == counts
        for name in (GROUP, TEXT):
            frequencies = table.values[name].value_counts()
            if len(frequencies):
                assert int(given.loc[name, "frequency"]) == frequencies.iloc[0]
                assert frequencies[given.loc[name, "most_frequent"] or ""] == frequencies.iloc[0]
        for what in ("min", "max"):
            moment = getattr(table.values[WHEN], what)()
            text = given.loc[WHEN, what]
            assert pd.isna(moment) == pd.isna(text)
            assert pd.isna(moment) or pd.to_datetime(text, utc=True) == moment


def test_all_columns_have_a_row(jobs: Any) -> None:
    ended = jobs.transform("n,s\n1,a\n2,a\n,b\n", jobs.facet("MID.DESCRIBE"))

    header, number, text = ended.rows()
    assert dict(zip(header, number, strict=True))["50%"] == "1.5"
    assert dict(zip(header, text, strict=True)) == {
        **dict.fromkeys(header, ""),
        "column": "s",
        "data_type": "TEXT",
        "count": "3",
        "missing": "0",
        "distinct": "2",
        "most_frequent": "a",
        "frequency": "2",
    }


def test_many_columns_are_described_in_their_order_and_in_parts(jobs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    most = 0
    create = Tables.create

    def counting(tables: Tables, query: str, *arguments: Any) -> Any:
        nonlocal most
        most = max(most, query.count("UNION ALL"))
        return create(tables, query, *arguments)

    monkeypatch.setattr(Tables, "create", counting)
    names = [f"c{number}" for number in range(50)]
    content = "\n".join([",".join(names), *(",".join(["7"] * 25 + ["x"] * 25) for _ in range(2))]) + "\n"
    header, *rows = jobs.transform(content, jobs.facet("MID.DESCRIBE")).rows()

    assert [row[0] for row in rows] == names
    assert [row[header.index("mean")] for row in rows] == ["7.0"] * 25 + [""] * 25
    assert 0 < most < 20
