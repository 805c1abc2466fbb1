"""Pivot Table: a column for each value of a column, with aggregated values of another one."""

from __future__ import annotations

from ikigai_core.local.engine.aggregates import aggregated
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.pivot import pivot
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table
from ikigai_core.local.engine.typed import as_numbers


def run(step: Step) -> Table:
    """Return a row for each combination of index values. Cells without values are missing; of a count they are 0."""
    arguments = step.arguments
    index = step.table.select(arguments["index_columns"])
    if not index:
        raise FlowError("index_columns is empty; name at least one column")
    spread = step.table.column(arguments["pivot_column"])
    cell, value = aggregated(step.tables, step.table, arguments["value_column"], arguments["aggregation"])
    empty = "'0'" if arguments["aggregation"] == "count" else "NULL"
    table = pivot(step.tables, step.table, index, spread, cell, value, empty=empty)
    names = table.column_names[len(index) :]
    return as_numbers(step.tables, table, names) if arguments["aggregation"] == "sum" and names else table
