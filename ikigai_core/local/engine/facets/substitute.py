"""Substitute: replaces values by what another table says of them."""

from __future__ import annotations

from ikigai_core.local.engine.columns import Column
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table, Tables


def run(step: Step) -> Table:
    """Replace the values of the left table's column that are in the first column of the right one by its second.

    Numbers and times are compared as such. Values that the right table does not have stay, as do missing ones.
    """
    left, right = step.sided("table_side", ("left", "right"))
    target = left.column(step.arguments["target_column"])
    if len(right.columns) != 2:
        raise FlowError(
            f"the right table has {len(right.columns)} columns; it needs two: what to find, and what to put for it"
        )
    old, new = right.columns
    is_typed = target.data_type == old.data_type and target.data_type in ("NUMERIC", "TIME")
    # The text of a missing number can be NA, which is a value in a column of texts.
    known = f"CASE WHEN {target.value} IS NOT NULL THEN {target.key} END"
    compared, found = (target.value, old.value) if is_typed else (known, old.key)
    _check_unique(step.tables, right, old, found)
    pairs = f"SELECT {found} AS found, {new.key} AS put FROM {right.name} WHERE {old.value} IS NOT NULL"
    values = [
        f"CASE WHEN found IS NOT NULL THEN put ELSE {column.key} END" if column is target else column.key
        for column in left.columns
    ]
    table = step.tables.create(
        f"SELECT {', '.join(values)} FROM (SELECT *, rowid AS nth, {compared} AS compared FROM {left.name}) "
        f"LEFT JOIN ({pairs}) ON compared = found ORDER BY nth",
        left.columns,
    )
    return step.tables.infer(table, [target.name])


def _check_unique(tables: Tables, table: Table, column: Column, value: str) -> None:
    twice = tables.first_row(
        f"SELECT min({column.key}) FROM {table.name} WHERE {column.value} IS NOT NULL "
        f"GROUP BY {value} HAVING count(*) > 1 ORDER BY min(rowid) LIMIT 1"
    )
    if twice:
        raise FlowError(
            f"the right table's column '{column.name}' has '{twice[0]}' in several rows, so what to put is open; "
            "leave one, such as by a Deduplicate"
        )
