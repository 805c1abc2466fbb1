"""Interpolate: puts missing numbers on the straight line between their neighbours."""

from __future__ import annotations

from ikigai_core.local.engine.columns import Column
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table
from ikigai_core.local.engine.typed import as_numbers, number_text, typed_columns


def run(step: Step) -> Table:
    """Fill missing numbers of the target columns, by the distance in rows to the known ones before and after.

    After the last known number it is repeated; before the first one, values stay missing. That is what `interpolate`
    of pandas does if nothing else is asked of it.
    """
    targets = {
        column.key: column
        for column in typed_columns(step.tables, step.table, step.arguments["target_columns"], "NUMERIC")
    }
    if not targets:
        return step.table
    around = ", ".join(part for column in targets.values() for part in _neighbours(column))
    values = [_value(targets[key]) if key in targets else key for key in (one.key for one in step.table.columns)]
    numbered = f"SELECT *, row_number() OVER (ORDER BY rowid) AS nth FROM {step.table.name}"
    table = step.tables.create(
        f"SELECT {', '.join(values)} FROM (SELECT *, {around} FROM ({numbered}) "
        "WINDOW before AS (ORDER BY nth ROWS UNBOUNDED PRECEDING), "
        "after AS (ORDER BY nth ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)) ORDER BY nth",
        step.table.columns,
    )
    return as_numbers(step.tables, table, [column.name for column in targets.values()])


def _neighbours(column: Column) -> list[str]:
    """Return the SQL for the row and the number of the known value before, and of the one after."""
    number = f"CAST({column.value} AS DOUBLE)"
    row = f"CASE WHEN {column.value} IS NOT NULL THEN nth END"
    return [
        f"last_value({row} IGNORE NULLS) OVER before AS {column.key}_row_before",
        f"last_value({number} IGNORE NULLS) OVER before AS {column.key}_before",
        f"first_value({row} IGNORE NULLS) OVER after AS {column.key}_row_after",
        f"first_value({number} IGNORE NULLS) OVER after AS {column.key}_after",
    ]


def _value(column: Column) -> str:
    key = column.key
    share = f"(nth - {key}_row_before) / ({key}_row_after - {key}_row_before)"
    line = f"{key}_before + ({key}_after - {key}_before) * {share}"
    return (
        f"CASE WHEN {column.value} IS NOT NULL THEN {key} WHEN {key}_before IS NULL THEN NULL "
        f"ELSE {number_text(f'coalesce({line}, {key}_before)')} END"
    )
