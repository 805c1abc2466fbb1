"""Select: keeps some columns of the table."""

from __future__ import annotations

from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table

TAKES_DEFERRED = True


def run(step: Step) -> Table:
    """Keep the named columns, in the given order."""
    return step.table.with_columns(step.table.select(step.arguments["target_columns"]))
