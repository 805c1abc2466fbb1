"""Select, Drop Columns, Rename Columns, Copy: the facets that leave the rows alone."""

from __future__ import annotations

from typing import Any

from .random_tables import VALUES, assert_texts, many, names, on_random_tables, transformed

CONTENT = "a,b,c\n1,x,\n2,y,3\n"


def rows(jobs: Any, facet_type: str, **arguments: Any) -> Any:
    ended = jobs.transform(CONTENT, jobs.facet(facet_type, **arguments))
    assert ended.status == "SUCCESS", ended.message
    return ended.rows()


def message(jobs: Any, facet_type: str, **arguments: Any) -> str:
    ended = jobs.transform(CONTENT, jobs.facet(facet_type, "it", **arguments))
    assert (ended.status, ended.facet_id) == ("FAILED", "it")
    return str(ended.message)


def test_select_keeps_columns_in_the_order_named(jobs: Any) -> None:
    assert rows(jobs, "MID.SELECT", target_columns=["c", "a"]) == [["c", "a"], ["", "1"], ["3", "2"]]


def test_drop_leaves_columns_out(jobs: Any) -> None:
    assert rows(jobs, "MID.DROP_COLUMNS", target_columns=["b"]) == [["a", "c"], ["1", ""], ["2", "3"]]


def test_dropping_everything_is_refused(jobs: Any) -> None:
    assert "no columns; keep at least one" in message(jobs, "MID.DROP_COLUMNS", target_columns=["a", "b", "c"])


def test_rename_can_trade_names(jobs: Any) -> None:
    columns = [{"old_name": "a", "new_name": "b"}, {"old_name": "b", "new_name": "a"}]

    assert rows(jobs, "MID.RENAME_COLUMNS", columns=columns) == [["b", "a", "c"], ["1", "x", ""], ["2", "y", "3"]]


def test_renaming_into_a_name_that_is_taken(jobs: Any) -> None:
    said = message(jobs, "MID.RENAME_COLUMNS", columns=[{"old_name": "a", "new_name": "b"}])

    assert "after renaming, column name 'b' occurs 2 times" in said


def test_unknown_columns_offer_the_nearest(jobs: Any) -> None:
    for facet_type in ("MID.SELECT", "MID.DROP_COLUMNS"):
        assert "no column 'A'; did you mean 'a'?" in message(jobs, facet_type, target_columns=["A"])
    renaming = [{"old_name": "aa", "new_name": "b"}]
    assert "no column 'aa'; did you mean 'a'?" in message(jobs, "MID.RENAME_COLUMNS", columns=renaming)


def test_copies_go_their_own_ways(jobs: Any) -> None:
    source, copy = jobs.imported(CONTENT), jobs.facet("MID.COPY", "copy")
    sort = jobs.facet("MID.SORT", "sort", target_columns=["a"], ascending=False)
    one, two = jobs.exported("one", "one"), jobs.exported("two", "two")
    arrows = [jobs.arrow(source, copy), jobs.arrow(copy, one), jobs.arrow(copy, sort), jobs.arrow(sort, two)]

    ended = jobs.run([source, copy, sort, one, two], arrows)

    by_facet = {output["facet_id"]: ended.rows(number) for number, output in enumerate(ended.outputs)}
    assert by_facet["one"] == [["a", "b", "c"], ["1", "x", ""], ["2", "y", "3"]]
    assert by_facet["two"] == [["a", "b", "c"], ["2", "y", "3"], ["1", "x", ""]]


@many
def test_columns_stay_go_and_are_renamed_as_by_pandas(jobs: Any, examples: int) -> None:
    some = names(list(VALUES)).filter(lambda chosen: 0 < len(chosen) < len(VALUES))

    @on_random_tables(examples, chosen=some)
    def check(table: Any, chosen: list[str]) -> None:
        select = jobs.facet("MID.SELECT", "select", target_columns=chosen)
        assert_texts(transformed(jobs, table, select), table.texts[chosen])

        drop = jobs.facet("MID.DROP_COLUMNS", "drop", target_columns=chosen)
        assert_texts(transformed(jobs, table, drop), table.texts.drop(columns=chosen))

        renamed = dict(zip(chosen, [*chosen[1:], "new"], strict=True))
        columns = [{"old_name": old, "new_name": new} for old, new in renamed.items()]
        rename = jobs.facet("MID.RENAME_COLUMNS", "rename", columns=columns)
        assert_texts(transformed(jobs, table, rename), table.texts.rename(columns=renamed))
