"""Convert: gives columns another type."""

from __future__ import annotations

from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table
from ikigai_core.local.engine.typed import first_unreadable, read_as, with_column


def run(step: Step) -> Table:
    """Read the values of the target columns as another type; their texts stay.

    Raises
    ------
    FlowError
        A value is none of that type.
    """
    table, data_type = step.table, step.arguments["data_type"]
    for column in table.select(step.arguments["target_columns"]):
        converted = read_as(step.tables, table, column, data_type, {})
        unreadable = first_unreadable(step.tables, table, converted)
        if unreadable is not None:
            raise FlowError(
                f"column '{column.name}' holds '{unreadable}', which cannot be read as {data_type}; "
                "correct it before, such as by a Find Replace, or leave its rows out by a Filter"
            )
        table = with_column(table, converted)
    return table
