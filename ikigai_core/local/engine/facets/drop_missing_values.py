"""Drop Missing Values: the rows in which nothing is missing."""

from __future__ import annotations

from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table


def run(step: Step) -> Table:
    """Keep the rows, in order, that have a value in each target column; without targets, in each column."""
    table = step.table
    targets = table.select(step.arguments["target_columns"] or table.column_names)
    keys = ", ".join(column.key for column in table.columns)
    known = " AND ".join(f"{column.value} IS NOT NULL" for column in targets)
    return step.tables.create(f"SELECT {keys} FROM {table.name} WHERE {known}", table.columns)
