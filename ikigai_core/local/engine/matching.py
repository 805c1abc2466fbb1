"""Similar columns and rows of two tables.

Texts are compared without regard to case by the similarity of Jaro and Winkler, as DuckDB computes it of their bytes in
UTF-8: W. E. Winkler, "String Comparator Metrics and Enhanced Decision Rules in the Fellegi-Sunter Model of Record
Linkage" (1990). It is 1 for equal texts and 0 for those that have nothing in common, or that are missing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from ikigai_core.local.engine.columns import Column, quote
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.tables import Table, Tables
from ikigai_core.local.engine.typed import as_numbers, number_text

# Each left row is compared with each right row: a minute or so for so many pairs.
_MOST_PAIRS = 200_000_000
_SUFFIX = "_right"
_SIMILARITY = "similarity"

Side = tuple[Table, Sequence[Column]]


@dataclass(frozen=True)
class Mapped:
    """A column of the left table and one of the right that hold the same, and how similar they are, from 0 to 1."""

    left: Column
    right: Column
    similarity: float


def map_columns(tables: Tables, left: Side, right: Side, rows: int, threshold: float) -> list[Mapped]:
    """Return pairs of columns of which each is in one pair at most, the most similar ones first.

    The similarity of two columns is that of their names, or the share that their different values have in common (of
    Jaccard) if it is greater.

    Parameters
    ----------
    rows
        Number of first rows whose values are looked at.
    threshold
        Least similarity of two columns.
    """
    pairs = [
        Mapped(one, other, _columns_similarity(tables, (left[0], one), (right[0], other), rows))
        for one in left[1]
        for other in right[1]
    ]
    found: list[Mapped] = []
    for pair in sorted(pairs, key=lambda pair: -pair.similarity):
        is_free = all(pair.left is not each.left and pair.right is not each.right for each in found)
        if is_free and pair.similarity >= threshold:
            found.append(pair)
    return found


def _columns_similarity(tables: Tables, left: tuple[Table, Column], right: tuple[Table, Column], rows: int) -> float:
    (one, left_column), (other, right_column) = left, right
    names = f"jaro_winkler_similarity({_name(left_column)}, {_name(right_column)})"
    texts = " {} ".join(
        f"SELECT DISTINCT {_text('', column)} AS text "
        f"FROM (SELECT * FROM {table.name} ORDER BY rowid LIMIT {rows}) WHERE text <> ''"
        for table, column in ((one, left_column), (other, right_column))
    )
    common, all_of_them = (f"(SELECT count(*) FROM ({texts.format(how)}))" for how in ("INTERSECT", "UNION"))
    row = tables.first_row(f"SELECT greatest({names}, coalesce({common} / nullif({all_of_them}, 0), 0))")
    return round(float(row[0]), 6) if row else 0.0


def _name(column: Column) -> str:
    return f"regexp_replace(lower({quote(column.name)}), '[ _.-]', '', 'g')"


def match_rows(
    tables: Tables, left: Table, right: Table, mapped: Sequence[Mapped], threshold: float, with_similarity: bool
) -> Table:
    """Return each left row with the most similar right row, the first of several, if it is similar enough.

    The similarity of two rows is the mean of that of their mapped values. Right columns whose names the left table has
    get the suffix `_right`.

    Raises
    ------
    FlowError
        There are too many pairs of rows to compare.
    """
    pairs = tables.row_count(left) * tables.row_count(right)
    if pairs > _MOST_PAIRS:
        raise FlowError(
            f"its tables have {pairs} pairs of rows, and at most {_MOST_PAIRS} are compared here; filter them before"
        )
    parts = [_similarity(_text("l.", pair.left), _text("r.", pair.right)) for pair in mapped]
    score = f"({' + '.join(parts)}) / {len(parts)}"
    best = (
        "SELECT nth, max_by(mate, {'score': score, 'before': -mate}) AS mate, max(score) AS score FROM ("
        f"SELECT l.rowid AS nth, r.rowid AS mate, {score} AS score FROM {left.name} AS l, {right.name} AS r"
        f") WHERE score >= {float(threshold)!r} GROUP BY nth"
    )
    keys = [f"l.{column.key}" for column in left.columns] + [f"r.{column.key}" for column in right.columns]
    columns = [*left.columns, *(_renamed(left, column) for column in right.columns)]
    if with_similarity:
        keys.append(number_text("score"))
        columns.append(Column(_SIMILARITY, "", "NUMERIC"))
    lefts, rights = (f"(SELECT *, rowid AS row FROM {table.name})" for table in (left, right))
    table = tables.create(
        f"SELECT {', '.join(keys)} FROM ({best}) JOIN {lefts} AS l ON nth = l.row JOIN {rights} AS r ON mate = r.row "
        "ORDER BY nth",
        columns,
    )
    return as_numbers(tables, table, [_SIMILARITY]) if with_similarity else table


def _similarity(one: str, other: str) -> str:
    # To DuckDB, empty texts have nothing in common.
    return f"CASE WHEN {one} = {other} THEN 1 ELSE coalesce(jaro_winkler_similarity({one}, {other}), 0) END"


def _text(side: str, column: Column) -> str:
    """Return the SQL for what is compared of a value: equal numbers and equal times are the same text."""
    value = column.cast(f"{side}{column.key}")
    return f"lower(CAST({value} AS VARCHAR))"


def _renamed(left: Table, column: Column) -> Column:
    return column.called(f"{column.name}{_SUFFIX}") if column.name in left.column_names else column
