"""Large datasets are read while the facets after them compute: what comes out is the same as from stored tables."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from hypothesis import strategies as st

from ikigai_core.local.engine import deferral
from ikigai_core.local.engine.columns import Column
from ikigai_core.local.engine.deferred import Deferred
from ikigai_core.local.engine.facets import imported
from ikigai_core.local.engine.tables import Tables

from .facets.random_tables import COUNT, GROUP, SHARE, TEXT, TYPES, WHEN, many, on_random_tables

WHOLE = {"data_type": "NUMERIC", "data_formats": {"numeric_format": "INTEGER"}}
NUMBER = {"data_type": "NUMERIC", "data_formats": {}}
PLAIN = {"data_type": "TEXT", "data_formats": {}}

ORDERS = {"id": WHOLE, "shop": WHOLE, "price": NUMBER, "code": PLAIN}
SHOPS = {"shop": WHOLE, "region": PLAIN}


@contextmanager
def deferring(head_rows: int = 3, rows_of_a_group: int = 1) -> Iterator[list[Path]]:
    """Defer all datasets; gives the files that were read as a whole nevertheless."""
    stored: list[Path] = []
    read = Tables.read

    def noted(self: Tables, path: Path, *arguments: Any, **options: Any) -> Any:
        stored.append(path)
        return read(self, path, *arguments, **options)

    with (
        patch.object(imported, "LARGE_BYTES", 0),
        patch.multiple(deferral, HEAD_ROWS=head_rows, _ROWS_OF_A_GROUP=rows_of_a_group),
        patch.object(Tables, "read", noted),
    ):
        yield stored


def counts(ended: Any) -> dict[str, dict[str, Any]]:
    """The numbers of rows that the console shows of each facet."""
    seen: dict[str, dict[str, Any]] = {}
    for line in (ended.folder / "facets.jsonl").read_text().splitlines():
        note = json.loads(line)
        seen.setdefault(note["facet_id"], {}).update({key: note[key] for key in ("rows_in", "rows_out") if key in note})
    return seen


def check_same(jobs: Any, facets: list[Any], arrows: list[Any] | None = None) -> None:
    """Check that a flow gives the same from deferred tables, and tells the same numbers of rows if it knows them."""
    ordinary = jobs.run(facets, arrows)
    with deferring():
        deferred = jobs.run(facets, arrows)

    assert (deferred.status, deferred.message) == (ordinary.status, ordinary.message) == ("SUCCESS", "")
    for number, (one, other) in enumerate(zip(ordinary.outputs, deferred.outputs, strict=True)):
        assert deferred.text(number) == ordinary.text(number)
        assert (one["columns"], one["rows"]) == (other["columns"], other["rows"])
    told = counts(deferred)
    assert {key: seen | told[key] for key, seen in counts(ordinary).items()} == counts(ordinary)


@many
def test_rows_are_kept_and_grouped_as_those_of_stored_tables(jobs: Any, examples: int) -> None:
    conditions = st.sampled_from(
        [(SHARE, "greater_than", "0"), (COUNT, "contains", "1"), (GROUP, "not_equals", "a"), (WHEN, "is_missing", None)]
    )
    groups = st.sampled_from([[], [GROUP], [COUNT], [SHARE, GROUP], [TEXT]])
    values = st.sampled_from(["sum", "mean", "max", "count"])

    @on_random_tables(examples, condition=conditions, groups=groups, aggregation=values)
    def check(table: Any, condition: Any, groups: list[str], aggregation: str) -> None:
        name, test, value = condition
        targets = [name for name in (COUNT, SHARE) if name not in groups]
        facets = [
            jobs.facet("INPUT.IMPORTED", "source", dataset_id=jobs.dataset(table.content, TYPES)),
            jobs.facet("MID.FILTER", column_name=name, condition=test, value=value),
            jobs.facet("MID.SELECT", target_columns=[TEXT, GROUP, SHARE, COUNT]),
            jobs.facet("MID.SUMMARY", group_columns=groups, target_columns=targets, aggregation=aggregation),
            jobs.facet("MID.COUNT", target_columns=groups, sort=aggregation == "sum"),
            jobs.facet("MID.SORT", target_columns=[SHARE]),
            *(jobs.exported(name, name) for name in ("rows", "summary", "counts", "sorted")),
        ]
        source, kept, some, summary, count, sort, *sinks = facets
        pairs = [(source, kept), (kept, some), (some, summary), (kept, count), (some, sort)]
        pairs += zip((some, summary, count, sort), sinks, strict=True)
        check_same(jobs, facets, [jobs.arrow(*pair) for pair in pairs])


@many
def test_joins_give_what_they_give_of_stored_tables(jobs: Any, examples: int) -> None:
    keys = st.sampled_from([[GROUP], [COUNT], [SHARE], [COUNT, TEXT]])
    types = st.sampled_from(["inner", "left", "full"])

    @on_random_tables(examples, keys=keys, join_type=types)
    def check(table: Any, keys: list[str], join_type: str) -> None:
        one, two = (
            jobs.facet("INPUT.IMPORTED", name, dataset_id=jobs.dataset(table.content, TYPES)) for name in ("one", "two")
        )
        join = jobs.facet("MID.JOIN", "join", left_columns=keys, right_columns=keys, join_type=join_type)
        count = jobs.facet("MID.SUMMARY", "groups", group_columns=[GROUP], target_columns=[COUNT])
        sinks = [jobs.exported("rows", "rows"), jobs.exported("sums", "sums")]
        arrows = [jobs.arrow(one, join, table_side="left"), jobs.arrow(two, join, table_side="right")]
        pairs = [(join, count), (join, sinks[0]), (count, sinks[1])]
        check_same(jobs, [one, two, join, count, *sinks], [*arrows, *(jobs.arrow(*pair) for pair in pairs)])


def flow(jobs: Any, orders: str, shops: str = "shop,region\n1,north\n2,south\n") -> tuple[list[Any], list[Any]]:
    """Import, filter, join, group, export."""
    order = jobs.facet("INPUT.IMPORTED", "orders", dataset_id=jobs.dataset(orders, ORDERS))
    shop = jobs.facet("INPUT.IMPORTED", "shops", dataset_id=jobs.dataset(shops, SHOPS))
    dear = jobs.facet("MID.FILTER", "dear", column_name="price", condition="greater_than", value="100")
    join = jobs.facet("MID.JOIN", "join", left_columns=["shop"], right_columns=["shop"])
    regions = jobs.facet("MID.SUMMARY", "regions", group_columns=["region"], target_columns=["id"])
    sink = jobs.exported()
    inputs = [jobs.arrow(dear, join, table_side="left"), jobs.arrow(shop, join, table_side="right")]
    pairs = [(order, dear), (join, regions), (regions, sink)]
    return [order, shop, dear, join, regions, sink], [*inputs, *(jobs.arrow(*pair) for pair in pairs)]


def test_a_large_file_is_read_once_and_its_rows_are_counted_as_they_pass(jobs: Any) -> None:
    rows = "".join(f"{number},{1 + number % 2},{50 + number}.5,007\n" for number in range(100))
    facets, arrows = flow(jobs, f"id,shop,price,code\n{rows}")
    with deferring(head_rows=90) as stored:
        ended = jobs.run(facets, arrows)

    assert [path.name for path in stored] == ["dataset-1.csv"]
    assert ended.rows() == [
        ["region", "id"],
        ["north", str(sum(range(50, 100, 2)))],
        ["south", str(sum(range(51, 100, 2)))],
    ]
    assert counts(ended) == {
        "orders": {"rows_in": [], "rows_out": 100},
        "shops": {"rows_in": [], "rows_out": 2},
        "dear": {"rows_in": [100], "rows_out": 50},
        "join": {"rows_in": [50, 2], "rows_out": 50},
        "regions": {"rows_in": [50], "rows_out": 2},
        "sink": {"rows_in": [2]},
    }


def test_kept_rows_are_written_as_they_are_read_with_their_exact_texts(jobs: Any) -> None:
    content = "id,shop,price,code\n" + '1,1,100.50,007\n2,1,99,\n3,2,1e3,""\n' * 5
    source = jobs.facet("INPUT.IMPORTED", "source", dataset_id=jobs.dataset(content, ORDERS))
    dear = jobs.facet("MID.FILTER", "dear", column_name="price", condition="greater_than", value="100")
    with deferring() as stored:
        ended = jobs.run([source, dear, jobs.exported()])

    assert stored == []
    assert ended.text() == "id,shop,price,code\n" + '1,1,100.50,007\n3,2,1e3,""\n' * 5
    assert counts(ended) == {
        "source": {"rows_in": [], "rows_out": 15},
        "dear": {"rows_in": [15], "rows_out": 10},
        "sink": {"rows_in": [10]},
    }


@pytest.mark.parametrize(
    "late",
    ["9,3,200,x\n", "9,NA,200,x\n", "9,1,NA,x\n", "nine,1,200,x\n", "9,1,200,x\r\n", '9,1,200,"a\r\nb"\n'],
    ids=["a group", "a missing key", "a missing number", "a text", "another line end", "a line end in a value"],
)
def test_what_comes_late_and_is_unusual_changes_nothing(jobs: Any, late: str) -> None:
    facets, arrows = flow(
        jobs, "id,shop,price,code\n" + "1,1,200,x\n2,2,300,y\n" * 20 + late, "shop,region\n1,a\n2,b\n3,c\n"
    )

    check_same(jobs, facets, arrows)


def test_groups_come_in_the_order_of_their_first_rows(jobs: Any) -> None:
    letters = "qwertzuiopasdfghjklyxcvbnm"
    facets, arrows = flow(
        jobs,
        "id,shop,price,code\n" + "".join(f"{row},{row % 26},200,x\n" for row in range(260)),
        "shop,region\n" + "".join(f"{shop},{letter}\n" for shop, letter in enumerate(letters)),
    )
    with deferring(head_rows=100):
        ended = jobs.run(facets, arrows)

    assert "".join(region for region, _ in ended.rows()[1:]) == letters


def test_joined_rows_keep_the_order_of_both_tables(jobs: Any) -> None:
    orders = "id,shop,price,code\n" + "".join(f"{row},{row % 3},200,x\n" for row in range(30))
    facets, arrows = flow(jobs, orders, "shop,region\n" + "".join(f"{row % 3},{row}\n" for row in range(12)))
    *facets, _, sink = facets
    arrows = [arrow for arrow in arrows if "regions" not in (arrow["source"], arrow["destination"])]

    check_same(jobs, [*facets, sink], [*arrows, jobs.arrow(facets[-1], sink)])


@pytest.mark.parametrize(
    "last",
    [
        {"group_columns": ["id"], "target_columns": ["price"]},
        {"group_columns": ["region"], "target_columns": ["price", "id"], "aggregation": "min"},
        {},
    ],
    ids=["many groups", "least numbers with their texts", "all rows"],
)
def test_what_needs_the_order_of_all_rows_reads_a_large_file_once_too(jobs: Any, last: dict[str, Any]) -> None:
    orders = "id,shop,price,code\n" + "".join(f"{row},{row % 2},{300 - row % 30}.50,x\n" for row in range(200))
    facets, arrows = flow(jobs, orders, "shop,region\n0,north\n1,south\n1,west\n")
    if last:
        facets[4] = jobs.facet("MID.SUMMARY", "regions", **last)
    else:
        arrows = [arrow for arrow in arrows if "regions" not in (arrow["source"], arrow["destination"])]
        facets, arrows = [*facets[:4], facets[5]], [*arrows, jobs.arrow(facets[3], facets[5])]
    ordinary = jobs.run(facets, arrows)
    with deferring() as stored:
        deferred = jobs.run(facets, arrows)

    assert [path.name for path in stored] == ["dataset-1.csv"]
    assert (deferred.text(), counts(deferred)) == (ordinary.text(), counts(ordinary))


def test_rows_that_duckdb_groups_before_it_joins_them_are_not_counted_as_joined(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("a,b\n" + "1,x\n" * 4)
    with Tables(tmp_path) as tables, deferring():
        table = deferral.read_later(tables, tmp_path / "rows.csv", [Column("a", ""), Column("b", "")])
        assert table is not None and table.deferred is not None
        scan = table.deferred
        join = Deferred(scan.query, lambda: "", "JOIN", 2, (scan,))
        with tables.counting(join):
            grouped = f"SELECT c0, count(*) AS n FROM ({scan.query([])}) GROUP BY c0"
            tables.first_row(f"SELECT sum(n) FROM ({grouped}) JOIN {table.name} AS r USING (c0)")

    assert (scan.rows, join.rows) == (4, None)
