"""Multi Input Formula: a column that is calculated from other columns."""

from __future__ import annotations

from ikigai_core.local.engine.confined_sql import INPUT, run_query
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table


def run(step: Step) -> Table:
    """Add a last column with the value of the formula, an SQL expression on the columns, for each row."""
    formula, table = step.arguments["formula"], step.table
    # On a line of its own, a comment in it comments out nothing else.
    result = run_query(step, f"SELECT (\n{formula}\n) FROM {INPUT}")
    rows, values = step.tables.row_count(table), step.tables.row_count(result)
    if len(result.columns) != 1 or rows != values:
        raise FlowError(
            f"the formula gives {values:,} values in {len(result.columns)} columns for {rows:,} rows; "
            "it has to give one value for each row"
        )
    keys = ", ".join(f"t.{column.key}" for column in table.columns)
    value = result.columns[0]
    return step.tables.create(
        f"SELECT {keys}, r.{value.key} FROM {table.name} AS t POSITIONAL JOIN {result.name} AS r",
        [*table.columns, value.called(step.arguments["output_column_name"])],
    )
