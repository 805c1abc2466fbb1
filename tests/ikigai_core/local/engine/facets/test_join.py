from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import strategies as st

from .random_tables import COUNT, GROUP, SHARE, TEXT, TYPES, VALUES, WHEN, assert_texts, many, on_random_tables, tables
from .two_tables import of_two

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


def test_a_mark_of_a_missing_number_matches_no_text(jobs: Any) -> None:
    ended = joined(jobs, "k,a\n1,x\nNA,y\n", "k,b\nNA,z\n1,w\n", left_columns=["k"], right_columns=["k"])

    assert ended.rows() == [["k", "a", "b"], ["1", "x", "w"]]


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


PAIRS = [*((name, name) for name in VALUES), (COUNT, SHARE), (GROUP, TEXT), (SHARE, TEXT), (TEXT, WHEN)]
KINDS = {COUNT: "number", SHARE: "number", WHEN: "time"}


def keyed(table: Any, pairs: list[tuple[str, str]], side: int) -> pd.DataFrame:
    """Return what the rows of one side are matched by, as Python values, without rows that lack one; their numbers."""
    keys = {}
    for number, pair in enumerate(pairs):
        name = pair[side]
        as_values = KINDS.get(pair[0]) == KINDS.get(pair[1])
        known = table.values[name].notna()
        values = table.values[name].astype("float64") if as_values and name == COUNT else table.values[name]
        keys[str(number)] = (values if as_values else table.texts[name]).where(known, None)
    return pd.DataFrame({**keys, f"side {side}": range(len(table.texts))}).dropna()


def by_pandas(left: Any, right: Any, pairs: list[tuple[str, str]], join_type: str) -> pd.DataFrame:
    """Return the joined texts, by the numbers of the rows that pandas matches."""
    on = [str(number) for number in range(len(pairs))]
    matched = keyed(left, pairs, 0).merge(keyed(right, pairs, 1), on=on)[["side 0", "side 1"]]
    found = list(matched.itertuples(index=False, name=None))
    if join_type in ("left", "full"):
        found += [(row, None) for row in range(len(left.texts)) if row not in set(matched["side 0"])]
    found.sort(key=lambda rows: (rows[0], -1 if rows[1] is None else rows[1]))
    if join_type in ("right", "full"):
        found += [(None, row) for row in range(len(right.texts)) if row not in set(matched["side 1"])]
    shared = [one for one, other in pairs if one == other]

    def text(table: Any, row: int | None, name: str) -> str | None:
        return None if row is None else table.texts[name][row]

    columns = {
        name: [
            text(
                right if one is None and name in shared else left,
                other if one is None and name in shared else one,
                name,
            )
            for one, other in found
        ]
        for name in VALUES
    }
    rest = {f"{name}_right": [text(right, row, name) for _, row in found] for name in VALUES if name not in shared}
    return pd.DataFrame({**columns, **rest}, dtype=object)


@many
def test_rows_are_joined_as_by_pandas(jobs: Any, examples: int) -> None:
    unique = (lambda pair: pair[0], lambda pair: pair[1])
    some = st.lists(st.sampled_from(PAIRS), min_size=1, max_size=2, unique_by=unique)
    join_types = st.sampled_from(["inner", "left", "right", "full"])

    @on_random_tables(examples, right=tables(), pairs=some, join_type=join_types)
    def check(table: Any, right: Any, pairs: list[tuple[str, str]], join_type: str) -> None:
        one, other = (
            jobs.facet("INPUT.IMPORTED", name, dataset_id=jobs.dataset(side.content, TYPES))
            for name, side in (("one", table), ("other", right))
        )
        names = {"left_columns": [pair[0] for pair in pairs], "right_columns": [pair[1] for pair in pairs]}
        ended = of_two(jobs, jobs.facet("MID.JOIN", "join", join_type=join_type, **names), one, other)
        assert_texts(ended, by_pandas(table, right, pairs, join_type))
