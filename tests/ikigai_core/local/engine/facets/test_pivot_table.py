from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import strategies as st

from .random_tables import COUNT, GROUP, SHARE, TEXT, assert_values, many, on_random_tables, transformed


@many
def test_cells_are_those_of_pandas(jobs: Any, examples: int) -> None:
    aggregations = st.sampled_from(["sum", "mean", "min", "max", "count"])

    @on_random_tables(examples, index=st.sampled_from([[TEXT], [TEXT, COUNT]]), aggregation=aggregations)
    def check(table: Any, index: list[str], aggregation: str) -> None:
        facet = jobs.facet(
            "MID.PIVOT_TABLE",
            index_columns=index,
            pivot_column=GROUP,
            value_column=SHARE,
            aggregation=aggregation,
        )

        rows = table.texts[index].drop_duplicates()
        columns = sorted(table.texts[GROUP].dropna().unique())
        grouped = table.values.assign(**{COUNT: table.texts[COUNT]}).groupby([*index, GROUP], dropna=False)[SHARE]
        cells = getattr(grouped, aggregation)(**({"min_count": 1} if aggregation == "sum" else {}))
        found = {tuple(_plain(part) for part in place): value for place, value in cells.items()}
        empty = 0 if aggregation == "count" else None
        expected = pd.DataFrame(
            [
                [*row, *(found.get((*map(_plain, row), column), empty) for column in columns)]
                for row in rows.itertuples(index=False)
            ],
            columns=[*index, *columns],
        )
        assert_values(transformed(jobs, table, facet), expected)


def _plain(value: Any) -> Any:
    return None if pd.isna(value) else value


def test_columns_come_in_the_order_of_their_values(jobs: Any) -> None:
    facet = jobs.facet("MID.PIVOT_TABLE", index_columns=["i"], pivot_column="p", value_column="v")
    ended = jobs.transform("i,p,v\nb,10,1\na,9,2\nb,9.0,3\nb,10,4\nb,,5\n", facet)

    assert ended.rows() == [["i", "9", "10"], ["b", "3", "5"], ["a", "2", ""]]
    assert ended.types() == {"i": "CATEGORICAL", "9": "NUMERIC", "10": "NUMERIC"}


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("i,p,v\n" + "".join(f"a,{number},1\n" for number in range(2001)), "column 'p' has more than 2,000 different"),
        ("i,p,v\na,i,1\n", "column name 'i' occurs 2 times"),
        ("i,p,v\na,x,y\n", "column 'v' is TEXT, and it has to be NUMERIC"),
    ],
)
def test_what_cannot_be_a_pivot_table(jobs: Any, content: str, reason: str) -> None:
    facet = jobs.facet("MID.PIVOT_TABLE", index_columns=["i"], pivot_column="p", value_column="v")

    assert reason in jobs.transform(content, facet).message
