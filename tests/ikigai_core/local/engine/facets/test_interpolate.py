from __future__ import annotations

from typing import Any

from .random_tables import COUNT, SHARE, assert_values, many, names, on_random_tables, transformed


@many
def test_numbers_are_interpolated_as_by_pandas(jobs: Any, examples: int) -> None:
    @on_random_tables(examples, targets=names([COUNT, SHARE]))
    def check(table: Any, targets: list[str]) -> None:
        ended = transformed(jobs, table, jobs.facet("MID.INTERPOLATE", target_columns=targets))

        numbers = table.values.astype({COUNT: "float64"})
        assert_values(ended, numbers.assign(**numbers[targets].interpolate()))


def test_known_numbers_keep_their_form(jobs: Any) -> None:
    ended = jobs.transform("x\n\n1.50\n\nNA\n3\n\n", jobs.facet("MID.INTERPOLATE", target_columns=["x"]))

    assert [row[0] for row in ended.rows()] == ["x", "", "1.50", "2.0", "2.5", "3", "3.0"]


def test_only_numbers_can_be_interpolated(jobs: Any) -> None:
    text = jobs.transform("s\na\n", jobs.facet("MID.INTERPOLATE", target_columns=["s"]))
    nothing = jobs.transform("s,a\n,1\n", jobs.facet("MID.INTERPOLATE", target_columns=["s"]))

    assert "column 's' is TEXT, and it has to be NUMERIC; name another, or put a Convert" in text.message
    assert nothing.rows() == [["s", "a"], ["", "1"]]
