"""Drop Missing Values: the rows in which nothing is missing."""

from __future__ import annotations

from ikigai_core.local.engine.deferral import rows_where
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table

TAKES_DEFERRED = True


def run(step: Step) -> Table:
    """Keep the rows, in order, that have a value in each target column; without targets, in each column."""
    table = step.table
    targets = table.select(step.arguments["target_columns"] or table.column_names)
    known = " AND ".join(f"{column.value} IS NOT NULL" for column in targets)
    return rows_where(step.tables, table, known)
