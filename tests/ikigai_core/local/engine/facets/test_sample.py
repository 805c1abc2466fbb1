from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st

from .random_tables import many, on_random_tables, texts_of, transformed


@many
def test_a_sample_has_rows_of_the_table_in_their_order(jobs: Any, examples: int) -> None:
    sizes = st.one_of(st.integers(0, 10), st.sampled_from([0.25, 0.5]))

    @on_random_tables(examples, size=sizes, seed=st.integers(-5, 5))
    def check(table: Any, size: float, seed: int) -> None:
        facets = [
            jobs.facet("MID.ADD_PRIMARY_KEY", "key", output_column_name="nth"),
            jobs.facet("MID.SAMPLE", "sample", sample_size=size, seed=seed),
        ]
        given, again = (texts_of(transformed(jobs, table, *facets)) for _ in range(2))

        rows = len(table.texts)
        assert len(given) == min(rows, round(size * rows) if 0 < size < 1 else size)
        numbers = [int(number) for number in given["nth"]]
        assert numbers == sorted(set(numbers))
        everything = table.texts.fillna("").replace("", None)
        assert given.drop(columns="nth").equals(everything.iloc[[n - 1 for n in numbers]].reset_index(drop=True))
        assert given.equals(again)


def test_each_row_has_the_same_chance(jobs: Any) -> None:
    content = "n\n" + "".join(f"{number}\n" for number in range(20_000))
    ended = jobs.transform(content, jobs.facet("MID.SAMPLE", sample_size=5000, seed=1))
    numbers = [int(row[0]) for row in ended.rows()[1:]]

    # Of each quarter 1,250 are expected, with a standard deviation of 27.
    assert all(abs(sum(number // 5000 == part for number in numbers) - 1250) < 150 for part in range(4))
    assert abs(sum(number % 2 for number in numbers) - 2500) < 200


def test_another_seed_takes_other_rows(jobs: Any) -> None:
    content = "n\n" + "".join(f"{number}\n" for number in range(1000))
    samples = [jobs.transform(content, jobs.facet("MID.SAMPLE", sample_size=50, seed=n)).rows() for n in (1, 2)]
    unseeded = [jobs.transform(content, jobs.facet("MID.SAMPLE", sample_size=50)).rows() for _ in range(2)]

    assert samples[0] != samples[1]
    assert unseeded[0] != unseeded[1]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"sample_size": -1}, "sample_size is -1; give a whole number of rows, or a share between 0 and 1"),
        ({"sample_size": 1.5}, "sample_size is 1.5"),
        ({"sample_size": 1, "seed": 0.5}, "seed is 0.5; give a whole number"),
    ],
)
def test_what_is_no_size(jobs: Any, arguments: dict[str, Any], reason: str) -> None:
    assert reason in jobs.transform("n\n1\n", jobs.facet("MID.SAMPLE", **arguments)).message
