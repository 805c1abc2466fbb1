from __future__ import annotations

from typing import Any

import pytest

FLIGHTS = "id,carrier,delay\n1,UA,5\n2,XX,6\n3,AA,7\n4,,8\n5,UA,9\n"
CARRIERS = "carrier,name,delay\nAA,American,1\nUA,United,2\nDL,Delta,3\n,Nobody,4\n"


def joined(jobs: Any, left: str = FLIGHTS, right: str = CARRIERS, swapped: bool = False, **arguments: Any) -> Any:
    given = {"left_columns": ["carrier"], "right_columns": ["carrier"]} | arguments
    one, two = jobs.imported(left, "one"), jobs.imported(right, "two")
    join, sink = jobs.facet("MID.JOIN", "join", **given), jobs.exported()
    inputs = [jobs.arrow(one, join, table_side="left"), jobs.arrow(two, join, table_side="right")]
    return jobs.run([one, two, join, sink], [*(inputs[::-1] if swapped else inputs), jobs.arrow(join, sink)])


HEADER = ["id", "carrier", "delay", "name", "delay_right"]
INNER = [["1", "UA", "5", "United", "2"], ["3", "AA", "7", "American", "1"], ["5", "UA", "9", "United", "2"]]
ONLY_LEFT = {"2": ["2", "XX", "6", "", ""], "4": ["4", "", "8", "", ""]}
ONLY_RIGHT = [["", "DL", "", "Delta", "3"], ["", "", "", "Nobody", "4"]]


@pytest.mark.parametrize(
    ("join_type", "rows"),
    [
        ("inner", INNER),
        ("left", [INNER[0], ONLY_LEFT["2"], INNER[1], ONLY_LEFT["4"], INNER[2]]),
        ("right", [*INNER, *ONLY_RIGHT]),
        ("full", [INNER[0], ONLY_LEFT["2"], INNER[1], ONLY_LEFT["4"], INNER[2], *ONLY_RIGHT]),
    ],
)
def test_join_types_keep_the_left_order_and_match_no_missing_keys(jobs: Any, join_type: str, rows: Any) -> None:
    assert joined(jobs, join_type=join_type).rows() == [HEADER, *rows]


def test_the_arrows_say_which_table_is_left(jobs: Any) -> None:
    assert joined(jobs, swapped=True).rows() == [HEADER, *INNER]


def test_keys_of_different_names_both_stay_and_the_suffix_can_be_set(jobs: Any) -> None:
    ended = joined(jobs, right="code,delay\nUA,1\n", right_columns=["code"], suffix=" (carrier)")

    assert ended.rows() == [
        ["id", "carrier", "delay", "code", "delay (carrier)"],
        ["1", "UA", "5", "UA", "1"],
        ["5", "UA", "9", "UA", "1"],
    ]


def test_numbers_match_as_numbers_and_text_as_text(jobs: Any) -> None:
    numbers = joined(jobs, "k\n1\n2.0\n", "k,v\n1.0,x\n2,y\n", left_columns=["k"], right_columns=["k"])
    texts = joined(jobs, "k\n01\n1\n", "k,v\n1,x\n2,y\n", left_columns=["k"], right_columns=["k"])

    assert numbers.rows() == [["k", "v"], ["1", "x"], ["2.0", "y"]]
    assert texts.rows() == [["k", "v"], ["1", "x"]]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"left_columns": ["carier"]}, "in the left table there is no column 'carier'; did you mean 'carrier'?"),
        ({"right_columns": ["nam"]}, "in the right table there is no column 'nam'; did you mean 'name'?"),
        ({"left_columns": ["id", "carrier"]}, "left_columns names 2 columns and right_columns 1"),
        ({"left_columns": [], "right_columns": []}, "name at least one column in each"),
        ({"suffix": ""}, "column name 'delay' occurs 2 times"),
        ({"join_type": "outer"}, "argument 'join_type' cannot be 'outer'"),
    ],
)
def test_what_cannot_be_joined(jobs: Any, arguments: dict[str, Any], reason: str) -> None:
    ended = joined(jobs, **arguments)

    assert (ended.status, ended.facet_id) == ("FAILED", "join")
    assert reason in ended.message
