"""Keep Headers Only: the columns without any row."""

from __future__ import annotations

from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table


def run(step: Step) -> Table:
    """Drop all rows; columns and types stay."""
    keys = ", ".join(column.key for column in step.table.columns)
    return step.tables.create(f"SELECT {keys} FROM {step.table.name} LIMIT 0", step.table.columns)
