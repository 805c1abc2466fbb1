"""Filter By Time: the rows of a time range."""

from __future__ import annotations

from ikigai_core.local.engine.deferral import rows_where, stored
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table
from ikigai_core.local.engine.typed import operand, timestamp, typed_column

TAKES_DEFERRED = True


def run(step: Step) -> Table:
    """Keep the rows, in order, from `start_time` to `end_time`, both included; missing times are in no range.

    Both are points in time in ISO 8601, also for columns of another format: a mere date is its midnight, in UTC.
    """
    table = step.table
    if table.column(step.arguments["target_column"]).data_type != "TIME":
        # Only all its values tell whether it has any.
        table = stored(step.tables, table)
    column = typed_column(step.tables, table, step.arguments["target_column"], "TIME")
    tests = []
    for argument, comparison in (("start_time", ">="), ("end_time", "<=")):
        bound = step.arguments[argument]
        if bound is not None:
            moment = operand(step.tables, column.as_type("TIME", {}), bound, argument)
            tests.append(f"{timestamp(column)} {comparison} CAST({moment} AS TIMESTAMP)")
    if not tests:
        raise FlowError("it needs start_time, end_time or both; set one")
    return rows_where(step.tables, table, " AND ".join(tests))
