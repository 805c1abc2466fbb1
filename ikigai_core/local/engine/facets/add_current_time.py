"""Add Current Time: the time of the run, in each row."""

from __future__ import annotations

from datetime import UTC, datetime

from ikigai_core.local.engine.columns import Column
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table


def run(step: Step) -> Table:
    """Add a last column with the time at which the facet runs, to the second, in UTC."""
    now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    keys = ", ".join(column.key for column in step.table.columns)
    added = Column(step.arguments["output_column_name"], "", "TIME")
    return step.tables.create(f"SELECT {keys}, '{now}' FROM {step.table.name}", [*step.table.columns, added])
