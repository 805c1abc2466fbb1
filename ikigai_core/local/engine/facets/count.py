"""Count: the frequency of each combination of values in some columns."""

from __future__ import annotations

from ikigai_core.local.engine.columns import INTEGER_FORMAT, Column
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table


def run(step: Step) -> Table:
    """Count the combinations: in the order of their first rows, or the most frequent first if `sort` is set.

    With no columns, the result is one row: the number of all rows.
    """
    targets = step.table.select(step.arguments["target_columns"])
    kept = "".join(f"first({column.key} ORDER BY rowid), " for column in targets)
    groups = ", ".join(column.identity for column in targets) or "()"
    order = "count(*) DESC, min(rowid)" if step.arguments["sort"] else "min(rowid)"
    counted = Column(step.arguments["output_column_name"], "", "NUMERIC", dict(INTEGER_FORMAT))
    return step.tables.create(
        f"SELECT {kept}CAST(count(*) AS VARCHAR) FROM {step.table.name} GROUP BY {groups} ORDER BY {order}",
        [*targets, counted],
    )
