"""Sort: rows in the order of some columns' values."""

from __future__ import annotations

from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table


def run(step: Step) -> Table:
    """Sort the rows, missing values last either way; rows that are equal keep their order."""
    direction = "ASC" if step.arguments["ascending"] else "DESC"
    targets = step.table.select(step.arguments["target_columns"])
    order = ", ".join(f"{column.value} {direction} NULLS LAST" for column in targets)
    keys = ", ".join(column.key for column in step.table.columns)
    return step.tables.create(f"SELECT {keys} FROM {step.table.name} ORDER BY {order}, rowid", step.table.columns)
