"""Cross Tab: how often each pair of values of two columns occurs."""

from __future__ import annotations

from ikigai_core.local.engine.columns import INTEGER_FORMAT
from ikigai_core.local.engine.pivot import pivot
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table


def run(step: Step) -> Table:
    """Return a row for each value of one column, with the counts of its pairs with each value of the other column.

    Rows in which one of the two is missing do not count.
    """
    row = step.table.column(step.arguments["row_column"])
    spread = step.table.column(step.arguments["column_column"])
    return pivot(
        step.tables,
        step.table,
        [row],
        spread,
        spread.as_type("NUMERIC", dict(INTEGER_FORMAT)),
        "CAST(count(*) AS VARCHAR)",
        empty="'0'",
        condition=f"{row.value} IS NOT NULL AND {spread.value} IS NOT NULL",
    )
