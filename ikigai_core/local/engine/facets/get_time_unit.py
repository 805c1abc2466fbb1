"""Get Time Unit: the hour, the day, the month or the like of times, as a number."""

from __future__ import annotations

from ikigai_core.local.engine.columns import INTEGER_FORMAT, Column
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table
from ikigai_core.local.engine.typed import timestamp, typed_column


def run(step: Step) -> Table:
    """Add a last column with the unit of each time in UTC: the day of the month, the ISO week, and so on.

    Its name is `<target column>_<unit>` unless `output_column_name` says another.
    """
    column = typed_column(step.tables, step.table, step.arguments["target_column"], "TIME")
    unit = step.arguments["unit"]
    keys = ", ".join(other.key for other in step.table.columns)
    name = step.arguments["output_column_name"] or f"{column.name}_{unit}"
    return step.tables.create(
        f"SELECT {keys}, CAST(date_part('{unit}', {timestamp(column)}) AS VARCHAR) FROM {step.table.name}",
        [*step.table.columns, Column(name, "", "NUMERIC", dict(INTEGER_FORMAT))],
    )
