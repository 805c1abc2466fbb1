from __future__ import annotations

from typing import Any

from .random_tables import COUNT, GROUP, SHARE, TEXT, WHEN, assert_texts, many, names, on_random_tables, transformed


@many
def test_values_become_rows_as_with_pandas(jobs: Any, examples: int) -> None:
    @on_random_tables(examples, identifiers=names([GROUP, WHEN]), values=names([COUNT, SHARE, TEXT]))
    def check(table: Any, identifiers: list[str], values: list[str]) -> None:
        facet = jobs.facet("MID.MELT", identifier_columns=identifiers, value_columns=values)

        assert_texts(transformed(jobs, table, facet), table.texts.melt(identifiers, values or None))


def test_the_type_is_one_that_fits_all_values(jobs: Any) -> None:
    content = "id,a,b,c\n1,1,2.5,x\n2,3,4,y\n"
    numbers = jobs.transform(content, jobs.facet("MID.MELT", identifier_columns=["id"], value_columns=["a", "b"]))
    mixed = jobs.transform(content, jobs.facet("MID.MELT", identifier_columns=["id"]))

    assert numbers.types() == {"id": "NUMERIC", "variable": "CATEGORICAL", "value": "NUMERIC"}
    assert mixed.types()["value"] == "TEXT"


def test_what_cannot_be_melted(jobs: Any) -> None:
    nothing = jobs.transform("a\n1\n", jobs.facet("MID.MELT", identifier_columns=["a"]))
    taken = jobs.transform("value,b\n1,2\n", jobs.facet("MID.MELT", identifier_columns=["value"]))

    assert "there is no column beside the identifier_columns; name fewer" in nothing.message
    assert "column name 'value' occurs 2 times" in taken.message
