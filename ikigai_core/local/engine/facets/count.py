"""Count: the frequency of each combination of values in some columns."""

from __future__ import annotations

from collections.abc import Sequence

from ikigai_core.local.engine.columns import INTEGER_FORMAT, Column, column_keys
from ikigai_core.local.engine.deferral import grouped, in_passing
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table

_COUNT = "CAST(count(*) AS VARCHAR)"

TAKES_DEFERRED = True


def run(step: Step) -> Table:
    """Count the combinations: in the order of their first rows, or the most frequent first if `sort` is set.

    With no columns, the result is one row: the number of all rows.
    """
    table = step.table
    targets = table.select(step.arguments["target_columns"])
    if table.deferred is not None:
        number = f"CAST(found.{column_keys(len(targets) + 1)[-1]} AS BIGINT)"
        order = f"{number} DESC, first.rowid" if step.arguments["sort"] else "first.rowid"
        first = _counted(step, table.head, targets, "min(rowid)")
        whole = grouped(step.tables, table, first, targets, [_COUNT], order)
        if whole is not None:
            return whole
    order = "count(*) DESC, min(rowid)" if step.arguments["sort"] else "min(rowid)"
    return in_passing(step.tables, table, targets, lambda rows: _counted(step, rows, targets, order))


def _counted(step: Step, table: Table, targets: Sequence[Column], order: str) -> Table:
    kept = "".join(f"{_text_of_first_row(column)}, " for column in targets)
    groups = ", ".join(column.identity for column in targets) or "()"
    counted = Column(step.arguments["output_column_name"], "", "NUMERIC", dict(INTEGER_FORMAT))
    return step.tables.create(
        f"SELECT {kept}{_COUNT} FROM {table.name} GROUP BY {groups} ORDER BY {order}", [*targets, counted]
    )


def _text_of_first_row(column: Column) -> str:
    return column.key if column.identity == column.key else f"first({column.key} ORDER BY rowid)"
