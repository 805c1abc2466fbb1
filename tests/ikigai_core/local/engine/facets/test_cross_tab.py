from __future__ import annotations

from typing import Any

import pandas as pd

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
