"""AI Match, compared with the similarity of Jaro and Winkler written out, on random tables."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import strategies as st

from .models import Trained, records
from .random_tables import COUNT, GROUP, TEXT, TYPES, many, on_random_tables, tables, written

LEFT, RIGHT = {"table_identifier": "left"}, {"table_identifier": "right"}
OUTPUTS = ("matching_result", "column_mapping")
ORDERS = "id,Company name,city\n1,Acme Corp.,Bern\n2,Globex,Basel\n3,Initech,Zug\n4,,\n"
FIRMS = "company_name,town,city\nGLOBEX Inc,Basel,Basel\nACME Corporation,Bern,Bern\nacme corp,Bern,Bern\n"


def matched(jobs: Any, left: str, right: str, types: Any = None, **hyperparameters: Any) -> Any:
    model = Trained(jobs, "MID.AI_MATCH", "Ai Match", "Unsupervised")
    # The arrows say which is which, not their order.
    ended = model.run((right, RIGHT), (left, LEFT), outputs=OUTPUTS, types=types, hyperparameters=hyperparameters)
    assert ended.message == ""
    return ended


def test_rows_find_the_most_similar_ones(jobs: Any) -> None:
    ended = matched(jobs, ORDERS, FIRMS, left_exclude=["id"], right_exclude=["town"], matching_threshold=0.8)

    found = records(ended, "matching_result")
    assert [(row["id"], row["company_name"], row["city_right"]) for row in found] == [
        ("1", "acme corp", "Bern"),
        ("2", "GLOBEX Inc", "Basel"),
    ]
    assert all(0.9 < float(row["similarity"] or 0) < 1 for row in found)
    assert records(ended, "column_mapping") == [
        {"left_column": "Company name", "right_column": "company_name", "similarity": "1.0"},
        {"left_column": "city", "right_column": "city", "similarity": "1.0"},
    ]


def test_of_equally_similar_rows_the_first_is_taken(jobs: Any) -> None:
    ended = matched(jobs, "a\nx\n", "a,n\ny,1\nX,2\nx,3\n")
    assert [list(row.values()) for row in records(ended, "matching_result")] == [["x", "X", "2", "1.0"]]


def test_columns_of_other_names_are_mapped_by_their_values(jobs: Any) -> None:
    left, right = "place,x\nBern,1\nBasel,2\n", "n,where\n7,basel\n8,bern\n9,Zug\n"
    ended = matched(jobs, left, right, include_similarity=False)

    mapping = records(ended, "column_mapping")
    assert [(row["left_column"], row["right_column"]) for row in mapping] == [("place", "where")]
    assert float(mapping[0]["similarity"] or 0) == pytest.approx(2 / 3)
    assert [list(row.values()) for row in records(ended, "matching_result")] == [
        ["Bern", "1", "8", "bern"],
        ["Basel", "2", "7", "basel"],
    ]
    # The first row alone has nothing in common, so nothing is left to compare.
    model = Trained(jobs, "MID.AI_MATCH", "Ai Match", "Unsupervised")
    few = model.refusal((left, LEFT), (right, RIGHT), outputs=OUTPUTS, hyperparameters={"sampling_amount": 1})
    assert "no columns of the two tables are similar; name those to compare in column_mapping" in few


def jaro_winkler(one: bytes, other: bytes) -> float:
    """The similarity of two texts, as Winkler (1990) writes it: with up to four common first bytes."""
    if one == other:
        return 1.0
    window = max(max(len(one), len(other)) // 2 - 1, 0)
    used, order = set(), []
    for at, byte in enumerate(one):
        near = range(max(at - window, 0), min(at + window + 1, len(other)))
        place = next((place for place in near if place not in used and other[place] == byte), None)
        if place is not None:
            used.add(place)
            order.append(byte)
    if not order:
        return 0.0
    count = len(order)
    moved = sum(a != b for a, b in zip(order, (other[place] for place in sorted(used)), strict=True)) // 2
    jaro = (count / len(one) + count / len(other) + (count - moved) / count) / 3
    prefix = 0
    while prefix < min(4, len(one), len(other)) and one[prefix] == other[prefix]:
        prefix += 1
    return jaro + prefix * 0.1 * (1 - jaro) if jaro > 0.7 else jaro


def similarity(one: Any, other: Any) -> float:
    if pd.isna(one) or pd.isna(other):
        return 0.0
    return jaro_winkler(str(one).lower().encode(), str(other).lower().encode())


@many
def test_the_best_pairs_are_those_of_jaro_and_winkler(jobs: Any, examples: int) -> None:
    # Python and DuckDB agree on lower case for these.
    simple = st.text("abcdeABé ", max_size=9)
    texts = st.lists(st.tuples(simple, simple), min_size=1, max_size=6)
    # No similarity is one of these by chance, so rounding does not matter.
    thresholds = st.sampled_from([0.0, 0.5012, 0.9012])

    @on_random_tables(examples, right=tables(most_rows=5), lefts=texts, threshold=thresholds)
    def check(table: Any, right: Any, lefts: list[tuple[str, str]], threshold: float) -> None:
        one = pd.DataFrame(lefts, columns=[GROUP, TEXT], dtype=object)
        one[COUNT] = [str(number) for number in range(len(one))]
        texts = pd.Series(["abc", "Abcé", None, "", "b"][: len(right.texts)], dtype=object)
        other = right.texts.assign(**{TEXT: texts})
        names = [COUNT, GROUP, TEXT]
        mapping = [{"left": name, "right": name} for name in names]
        content = [written(one), written(other[names].assign(mate=[str(nth) for nth in range(len(other))]))]
        ended = matched(jobs, *content, types=TYPES, column_mapping=mapping, matching_threshold=threshold)

        def score(row: Any, mate: Any) -> float:
            return sum(similarity(row[name], mate[name]) for name in names) / 3

        best = {
            row[COUNT]: max((score(row, mate) for _, mate in other.iterrows()), default=-1) for _, row in one.iterrows()
        }
        found = records(ended, "matching_result")
        assert [row[COUNT] for row in found] == [number for number, most in best.items() if most >= threshold]
        for row in found:
            mate = other.iloc[int(row["mate"] or -1)]
            assert score(one.iloc[int(row[COUNT] or -1)], mate) == pytest.approx(best[row[COUNT]])
            assert float(row["similarity"] or "nan") == pytest.approx(best[row[COUNT]])


@pytest.mark.parametrize(
    ("kind", "hyperparameters", "reason"),
    [
        ("Supervised", {}, "does not know what a Supervised model learns from"),
        ("Unsupervised", {"column_mapping": [{"left": "city"}]}, "each entry of column_mapping needs"),
        ("Unsupervised", {"column_mapping": [{"left": "town", "right": "town"}]}, "there is no column 'town'"),
        ("Unsupervised", {"column_mapping": {"city": "city"}}, "'column_mapping' must be a list"),
        ("Unsupervised", {"left_include": ["town"]}, "there is no column 'town'"),
    ],
)
def test_what_cannot_be_matched(jobs: Any, kind: str, hyperparameters: dict[str, Any], reason: str) -> None:
    model = Trained(jobs, "MID.AI_MATCH", "Ai Match", kind)
    said = model.refusal((ORDERS, LEFT), (FIRMS, RIGHT), outputs=OUTPUTS, hyperparameters=hyperparameters)
    assert reason in said


def test_tables_with_too_many_pairs_are_refused(jobs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ikigai_core.local.engine.matching._MOST_PAIRS", 11)
    model = Trained(jobs, "MID.AI_MATCH", "Ai Match", "Unsupervised")
    assert "have 12 pairs of rows, and at most 11" in model.refusal((ORDERS, LEFT), (FIRMS, RIGHT), outputs=OUTPUTS)
