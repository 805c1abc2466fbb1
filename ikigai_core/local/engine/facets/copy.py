"""Copy: the table as it is, for another branch of the flow."""

from __future__ import annotations

from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table


def run(step: Step) -> Table:
    """Give the table on. Tables never change, so nothing has to be copied."""
    return step.table
