"""New Columns: adds columns that hold one value in every row."""

from __future__ import annotations

from ikigai_core.local.engine.columns import Column
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table
from ikigai_core.local.engine.typed import literal


def run(step: Step) -> Table:
    """Add the columns at the end, with types inferred from their values; a column without a value is all missing."""
    entries = step.arguments["columns"]
    keys = ", ".join(column.key for column in step.table.columns)
    values = "".join(f", CAST({literal(entry['value'])} AS VARCHAR)" for entry in entries)
    names = [entry["column_name"] for entry in entries]
    table = step.tables.create(
        f"SELECT {keys}{values} FROM {step.table.name}",
        [*step.table.columns, *(Column(name, "") for name in names)],
    )
    return step.tables.infer(table, names)
