"""Change Time Granularity: sets times back to the start of their hour, day, month or the like."""

from __future__ import annotations

from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table
from ikigai_core.local.engine.typed import is_date, replaced, time_text, timestamp, typed_column


def run(step: Step) -> Table:
    """Set each time back to the start of its unit, in UTC; weeks begin on Mondays. Days and longer are mere dates."""
    column = typed_column(step.tables, step.table, step.arguments["target_column"], "TIME")
    unit = step.arguments["unit"]
    start = f"CAST(date_trunc('{unit}', {timestamp(column)}) AS TIMESTAMP)"
    date = is_date(column) if unit in ("second", "minute", "hour") else "true"
    return replaced(step.tables, step.table, column.as_type("TIME", {}), time_text(start, date))
