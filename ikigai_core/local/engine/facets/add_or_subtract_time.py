"""Add Or Subtract Time: shifts the times of a column."""

from __future__ import annotations

from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table
from ikigai_core.local.engine.typed import is_date, replaced, time_text, timestamp, typed_column

_SECONDS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 7 * 86400}
_MONTHS = {"month": 1, "quarter": 3, "year": 12}


def run(step: Step) -> Table:
    """Shift each time by `amount` units; a day that the month lacks becomes the month's last one."""
    column = typed_column(step.tables, step.table, step.arguments["target_column"], "TIME")
    amount, unit = step.arguments["amount"], step.arguments["unit"]
    if unit in _MONTHS and amount != int(amount):
        raise FlowError(f"amount is {amount}, and a {unit} has no fixed length; give a whole number of them")
    shift = (
        f"to_months({int(amount) * _MONTHS[unit]})"
        if unit in _MONTHS
        else f"to_microseconds({round(amount * _SECONDS[unit] * 1_000_000)})"
    )
    value = time_text(f"({timestamp(column)} + {shift})", is_date(column))
    return replaced(step.tables, step.table, column.as_type("TIME", {}), value)
