"""Summary: aggregates columns, for each combination of values of other columns."""

from __future__ import annotations

from collections.abc import Sequence

from ikigai_core.local.engine.aggregates import aggregated, representative
from ikigai_core.local.engine.columns import Column
from ikigai_core.local.engine.deferral import grouped, in_passing
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table
from ikigai_core.local.engine.typed import as_numbers

TAKES_DEFERRED = True


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
    summary = None
    if table.deferred is not None and all(_needs_no_text(column, aggregation) for column in targets):
        values = [aggregated(step.tables, table, column.name, aggregation)[1] for column in targets]
        summary = grouped(step.tables, table, _summed(step, table.head, groups, targets), groups, values)
    if summary is None:
        texts = [*groups, *(targets if aggregation in ("min", "max") else ())]
        summary = in_passing(step.tables, table, texts, lambda rows: _summed(step, rows, groups, targets))
    return as_numbers(step.tables, summary, [column.name for column in targets]) if aggregation == "sum" else summary


def _needs_no_text(column: Column, aggregation: str) -> bool:
    """Return whether values can be aggregated without their texts and the numbers of their rows."""
    if aggregation in ("min", "max"):
        return column.value == column.key
    return aggregation == "count" or column.data_type == "NUMERIC"


def _summed(step: Step, table: Table, groups: Sequence[Column], targets: Sequence[Column]) -> Table:
    results = [aggregated(step.tables, table, column.name, step.arguments["aggregation"]) for column in targets]
    values = [*map(representative, groups), *(value for _, value in results)]
    identities = ", ".join(column.identity for column in groups) or "()"
    return step.tables.create(
        f"SELECT {', '.join(values)} FROM {table.name} GROUP BY {identities} ORDER BY min(rowid)",
        [*groups, *(column for column, _ in results)],
    )
