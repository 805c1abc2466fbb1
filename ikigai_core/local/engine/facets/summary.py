"""Summary: aggregates columns, for each combination of values of other columns."""

from __future__ import annotations

from ikigai_core.local.engine.aggregates import aggregated, representative
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table
from ikigai_core.local.engine.typed import as_numbers


def run(step: Step) -> Table:
    """Return a row for each combination of the group columns, or one for all rows, in the order of first rows.

    Aggregated columns keep their names. Missing group values count as equal; missing target values do not count.
    """
    table, aggregation = step.table, step.arguments["aggregation"]
    groups = table.select(step.arguments["group_columns"] or [])
    targets = table.select(step.arguments["target_columns"])
    for column in targets:
        if column in groups:
            raise FlowError(f"column '{column.name}' is in group_columns and in target_columns; name it in one of them")
    results = [aggregated(step.tables, table, column.name, aggregation) for column in targets]
    values = [*map(representative, groups), *(value for _, value in results)]
    identities = ", ".join(column.identity for column in groups) or "()"
    summary = step.tables.create(
        f"SELECT {', '.join(values)} FROM {table.name} GROUP BY {identities} ORDER BY min(rowid)",
        [*groups, *(column for column, _ in results)],
    )
    return as_numbers(step.tables, summary, [column.name for column in targets]) if aggregation == "sum" else summary
