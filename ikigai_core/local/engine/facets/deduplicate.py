"""Deduplicate: one row per group of equal rows."""

from __future__ import annotations

from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table


def run(step: Step) -> Table:
    """Keep the first or last row of each combination of target column values. Missing values count as equal."""
    table = step.table
    targets = table.select(step.arguments["target_columns"] or table.column_names)
    chosen = "max" if step.arguments["keep"] == "last" else "min"
    keys = ", ".join(column.key for column in table.columns)
    groups = ", ".join(column.identity for column in targets)
    return step.tables.create(
        f"SELECT {keys} FROM {table.name} "
        f"WHERE rowid IN (SELECT {chosen}(rowid) FROM {table.name} GROUP BY {groups}) ORDER BY rowid",
        table.columns,
    )
