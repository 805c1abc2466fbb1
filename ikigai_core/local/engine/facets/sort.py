"""Sort: orders rows by the values of some columns."""

from __future__ import annotations

from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table


def run(step: Step) -> Table:
    """Sort the rows, with missing values always last. Equal rows keep their order."""
    direction = "ASC" if step.arguments["ascending"] else "DESC"
    targets = step.table.select(step.arguments["target_columns"])
    order = ", ".join([*(f"{column.value} {direction} NULLS LAST" for column in targets), "rowid"])
    keys = ", ".join(column.key for column in step.table.columns)
    return step.tables.create(f"SELECT {keys} FROM {step.table.name} ORDER BY {order}", step.table.columns)
