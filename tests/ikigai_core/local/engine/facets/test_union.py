from __future__ import annotations

from typing import Any


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
