from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st

from .random_tables import COUNT, SHARE, TEXT, WHEN, assert_texts, many, names, on_random_tables, transformed


@many
def test_texts_stay_and_types_change(jobs: Any, examples: int) -> None:
    @on_random_tables(
        examples, targets=names([COUNT, SHARE, WHEN, TEXT]), kind=st.sampled_from(["TEXT", "CATEGORICAL"])
    )
    def check(table: Any, targets: list[str], kind: str) -> None:
        ended = transformed(jobs, table, jobs.facet("MID.CONVERT", target_columns=targets, data_type=kind))

        assert_texts(ended, table.texts)
        assert {ended.types()[name] for name in targets} <= {kind}


def test_what_is_converted_counts_as_of_its_type_from_then_on(jobs: Any) -> None:
    ended = jobs.transform(
        "zip,when\n10,2013-01-02\n007,NA\nNA,2013-01-01\n",
        jobs.facet("MID.CONVERT", "numbers", target_columns=["zip"], data_type="NUMERIC"),
        jobs.facet("MID.SORT", target_columns=["zip"]),
    )

    assert [row[0] for row in ended.rows()] == ["zip", "007", "10", "NA"]
    assert ended.types() == {"zip": "NUMERIC", "when": "TIME"}


@pytest.mark.parametrize(
    ("kind", "reason"),
    [
        ("NUMERIC", "column 's' holds 'x', which cannot be read as NUMERIC; correct it before"),
        ("TIME", "column 's' holds '1', which cannot be read as TIME"),
    ],
)
def test_what_cannot_be_read_is_named(jobs: Any, kind: str, reason: str) -> None:
    ended = jobs.transform("s\n1\nx\n", jobs.facet("MID.CONVERT", target_columns=["s"], data_type=kind))

    assert reason in ended.message
