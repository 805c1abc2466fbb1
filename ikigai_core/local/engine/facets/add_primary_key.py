"""Add Primary Key: numbers the rows."""

from __future__ import annotations

from ikigai_core.local.engine.columns import INTEGER_FORMAT, Column
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table


def run(step: Step) -> Table:
    """Add a last column with the number of each row, counted from `start`."""
    start = step.arguments["start"]
    if start != int(start):
        raise FlowError(f"start is {start}; rows are numbered with whole numbers")
    keys = ", ".join(column.key for column in step.table.columns)
    number = f"CAST(row_number() OVER (ORDER BY rowid) - 1 + {int(start)} AS VARCHAR)"
    return step.tables.create(
        f"SELECT {keys}, {number} FROM {step.table.name} ORDER BY rowid",
        [*step.table.columns, Column(step.arguments["output_column_name"], "", "NUMERIC", dict(INTEGER_FORMAT))],
    )
