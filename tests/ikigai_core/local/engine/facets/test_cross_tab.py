from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from ikigai_core.local.engine.tables import Tables

from .random_tables import COUNT, GROUP, assert_values, many, on_random_tables, transformed


@many
def test_pairs_are_counted_as_by_pandas(jobs: Any, examples: int) -> None:
    @on_random_tables(examples)
    def check(table: Any) -> None:
        ended = transformed(jobs, table, jobs.facet("MID.CROSS_TAB", row_column=GROUP, column_column=COUNT))

        pairs = table.values[[GROUP, COUNT]].dropna()
        counts = pd.crosstab(pairs[GROUP], pairs[COUNT]).reindex(pairs[GROUP].drop_duplicates())
        counts.columns = [str(name) for name in counts.columns]
        assert_values(ended, counts.rename_axis(GROUP).reset_index())


def test_counts_are_whole_numbers(jobs: Any) -> None:
    ended = jobs.transform("a,b\nx,1\ny,2\nx,1\n", jobs.facet("MID.CROSS_TAB", row_column="a", column_column="b"))

    assert ended.rows() == [["a", "1", "2"], ["x", "2", "0"], ["y", "0", "1"]]
    assert ended.outputs[0]["columns"]["1"]["data_formats"] == {"numeric_format": "INTEGER"}


def test_a_wide_table_is_computed_in_parts(jobs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    most = 0
    execute = Tables.execute

    def counting(tables: Tables, sql: str, *arguments: Any) -> Any:
        nonlocal most
        most = max(most, sql.count("FILTER"))
        return execute(tables, sql, *arguments)

    monkeypatch.setattr(Tables, "execute", counting)
    pairs = pd.DataFrame({"b": [(17 * n) % 9 for n in range(700)], "a": [(n * n) % 251 for n in range(700)]})
    facet = jobs.facet("MID.CROSS_TAB", row_column="b", column_column="a")
    ended = jobs.transform(pairs.to_csv(index=False), facet)

    counts = pd.crosstab(pairs["b"], pairs["a"]).reindex(pairs["b"].drop_duplicates()).reset_index()
    assert len(counts.columns) > 110
    assert ended.rows() == [[str(value) for value in row] for row in [list(counts.columns), *counts.to_numpy()]]
    assert 0 < most <= 100
