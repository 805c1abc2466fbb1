"""Copy: the unchanged table, for another branch of the flow."""

from __future__ import annotations

from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table

TAKES_DEFERRED = True


def run(step: Step) -> Table:
    """Return the input table. Tables are immutable, so no copy is necessary."""
    return step.table
