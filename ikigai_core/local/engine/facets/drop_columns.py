"""Drop Columns: the table without some columns."""

from __future__ import annotations

from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table

TAKES_DEFERRED = True


def run(step: Step) -> Table:
    """Remove the named columns."""
    dropped = step.table.select(step.arguments["target_columns"])
    return step.table.with_columns([column for column in step.table.columns if column not in dropped])
