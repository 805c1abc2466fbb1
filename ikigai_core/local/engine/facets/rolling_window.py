"""Rolling Window: aggregates each number with those of the rows before it."""

from __future__ import annotations

from ikigai_core.local.engine.columns import INTEGER_FORMAT, Column
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table
from ikigai_core.local.engine.typed import as_numbers, number_text, typed_column

_FUNCTIONS = {"sum": "sum", "mean": "avg", "min": "min", "max": "max"}


def run(step: Step) -> Table:
    """Add `rolling_<aggregation>_<target column>`: over the row and those before it, `window_size` in all.

    It is missing where the window holds fewer known values than rows, as with `rolling` of pandas; a count is not.
    """
    size, aggregation = step.arguments["window_size"], step.arguments["aggregation"]
    if size != int(size) or size < 1:
        raise FlowError(f"window_size is {size}; it is a number of rows, 1 or more")
    column = typed_column(step.tables, step.table, step.arguments["target_column"], "NUMERIC")
    count = f"count({column.value}) OVER w"
    value = f"CAST({count} AS VARCHAR)"
    if aggregation != "count":
        number = f"{_FUNCTIONS[aggregation]}({column.value}) OVER w"
        is_whole = column.is_integer and aggregation != "mean"
        value = f"CAST({number} AS VARCHAR)" if is_whole else number_text(number)
        value = f"CASE WHEN {count} = {int(size)} THEN {value} END"
    keys = ", ".join(other.key for other in step.table.columns)
    added = Column(f"rolling_{aggregation}_{column.name}", "", "NUMERIC", dict(INTEGER_FORMAT))
    table = step.tables.create(
        f"SELECT {keys}, {value} FROM {step.table.name} "
        f"WINDOW w AS (ORDER BY rowid ROWS {int(size) - 1} PRECEDING) ORDER BY rowid",
        [*step.table.columns, added],
    )
    return as_numbers(step.tables, table, [added.name])
