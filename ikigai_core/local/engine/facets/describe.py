"""Describe: statistics of each column."""

from __future__ import annotations

from ikigai_core.local.engine.columns import Column
from ikigai_core.local.engine.statistics import COUNTS, NUMBERS, RANGE, Statistics, frequent, statistics_table
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table


def run(step: Step) -> Table:
    """Return a row for each target column, or each column of the table: its counts, and the statistics of its type.

    Numbers have mean, std, min, the quartiles and max, as with `describe` of pandas; times min and max; texts the most
    frequent value. The formulas are named in `ikigai_core.local.engine.statistics`.
    """
    columns = step.table.select(step.arguments["target_columns"] or step.table.column_names)
    statistics = [(column, {**COUNTS, **_of_type(step.table, column)}) for column in columns]
    described = statistics_table(step.tables, step.table, statistics)
    extremes = {"min", "max"} if any(column.data_type == "TIME" for column in columns) else set()
    return step.tables.infer(described, extremes & set(described.column_names))


def _of_type(table: Table, column: Column) -> Statistics:
    if column.data_type == "NUMERIC":
        return NUMBERS
    return RANGE if column.data_type == "TIME" else frequent(table)
