from __future__ import annotations

from typing import Any

import pandas as pd
from hypothesis import assume
from hypothesis import strategies as st

from .random_tables import TYPES, VALUES, assert_texts, many, names, on_random_tables, tables, written


def union(jobs: Any, top: str, bottom: str, sides: tuple[Any, Any] = ("top", "bottom"), **arguments: Any) -> Any:
    one, two = jobs.imported(top, "one"), jobs.imported(bottom, "two")
    both, sink = jobs.facet("MID.UNION", "both", **arguments), jobs.exported()
    inputs = [
        jobs.arrow(source, both, **({"table_side": side} if side else {}))
        for source, side in zip((one, two), sides, strict=True)
    ]
    return jobs.run([one, two, both, sink], [*inputs, jobs.arrow(both, sink)])


TOP, BOTTOM = "a,b\n1,x\n2,y\n", "c,a\nz,3\n"


def test_full_has_all_columns(jobs: Any) -> None:
    assert union(jobs, TOP, BOTTOM, option="full").rows() == [
        ["a", "b", "c"],
        ["1", "x", ""],
        ["2", "y", ""],
        ["3", "", "z"],
    ]


def test_intersection_has_the_common_columns(jobs: Any) -> None:
    assert union(jobs, TOP, BOTTOM, option="intersection").rows() == [["a"], ["1"], ["2"], ["3"]]


def test_sides_decide_which_is_on_top(jobs: Any) -> None:
    for sides in (("bottom", "top"), ("bottom", None), (None, "top")):
        assert union(jobs, TOP, BOTTOM, sides, option="intersection").rows() == [["a"], ["3"], ["1"], ["2"]]
    assert union(jobs, TOP, BOTTOM, (None, None), option="intersection").rows() == [["a"], ["1"], ["2"], ["3"]]


def test_types_that_differ_are_judged_anew(jobs: Any) -> None:
    ended = union(jobs, "n,m,k,t\n1,,1,7\n", "n,m,k,t\n2.5,5,x,007\n")

    assert ended.types() == {"n": "NUMERIC", "m": "NUMERIC", "k": "TEXT", "t": "TEXT"}
    assert ended.rows() == [["n", "m", "k", "t"], ["1", "", "1", "7"], ["2.5", "5", "x", "007"]]


def test_sides_that_cannot_be(jobs: Any) -> None:
    both = union(jobs, TOP, BOTTOM, ("top", "top"))
    unknown = union(jobs, TOP, BOTTOM, ("left", "right"))

    assert "both arrows into it have the table_side 'top'" in both.message
    assert "table_side 'left'; it can be top or bottom" in unknown.message
    assert both.facet_id == unknown.facet_id == "both"


def test_no_column_in_common(jobs: Any) -> None:
    assert "no column in common" in union(jobs, "a\n1\n", "b\n1\n", option="intersection").message


def test_a_table_below_itself(jobs: Any) -> None:
    source, both, sink = jobs.imported(TOP), jobs.facet("MID.UNION", "both"), jobs.exported()
    arrows = [jobs.arrow(source, both), jobs.arrow(source, both), jobs.arrow(both, sink)]

    ended = jobs.run([source, both, sink], arrows)

    assert ended.rows() == [["a", "b"], ["1", "x"], ["2", "y"], ["1", "x"], ["2", "y"]]


@many
def test_tables_are_appended_as_by_pandas(jobs: Any, examples: int) -> None:
    some = names(list(VALUES)).filter(bool)
    options = st.sampled_from(["full", "intersection"])

    @on_random_tables(examples, bottom=tables(), tops=some, bottoms=some, option=options)
    def check(table: Any, bottom: Any, tops: list[str], bottoms: list[str], option: str) -> None:
        assume(option == "full" or set(tops) & set(bottoms))
        frames = [table.texts[tops], bottom.texts[bottoms]]
        one, two = (
            jobs.facet(
                "INPUT.IMPORTED",
                name,
                dataset_id=jobs.dataset(written(frame), {column: TYPES[column] for column in frame}),
            )
            for name, frame in zip(("one", "two"), frames, strict=True)
        )
        both, sink = jobs.facet("MID.UNION", "both", option=option), jobs.exported()
        arrows = [jobs.arrow(one, both), jobs.arrow(two, both), jobs.arrow(both, sink)]

        expected = pd.concat(frames, join="outer" if option == "full" else "inner", ignore_index=True)
        ended = jobs.run([one, two, both, sink], arrows)
        assert_texts(ended, expected)
        assert ended.types() == {column: TYPES[column]["data_type"] for column in expected}
