"""Fill Missing Values: gives missing values a value."""

from __future__ import annotations

from collections.abc import Callable

from ikigai_core.local.engine.columns import Column
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table
from ikigai_core.local.engine.typed import as_numbers, literal, number_text, operand, typed_columns


def run(step: Step) -> Table:
    """Fill the target columns; without targets all columns, of which mean and zero fill those of numbers only."""
    method = step.arguments["method"]
    filled = {column.key: _FILLINGS[method](step, column) for column in _targets(step, method)}
    values = [
        f"CASE WHEN {column.value} IS NULL THEN {filled[column.key]} ELSE {column.key} END"
        if column.key in filled
        else column.key
        for column in step.table.columns
    ]
    table = step.tables.create(f"SELECT {', '.join(values)} FROM {step.table.name} ORDER BY rowid", step.table.columns)
    # A fraction among whole numbers makes the column one of fractions.
    names = [column.name for column in step.table.columns if column.key in filled and column.data_type == "NUMERIC"]
    return as_numbers(step.tables, table, names) if method in ("value", "mean") and names else table


def _targets(step: Step, method: str) -> tuple[Column, ...]:
    names = step.arguments["target_columns"]
    if method not in ("mean", "zero"):
        return step.table.select(names or step.table.column_names)
    if names:
        return typed_columns(step.tables, step.table, names, "NUMERIC")
    return tuple(column for column in step.table.columns if column.data_type == "NUMERIC")


def _value(step: Step, column: Column) -> str:
    value = step.arguments["value"]
    if value is None:
        raise FlowError("method 'value' needs the argument 'value'; set it")
    if column.data_type in ("NUMERIC", "TIME"):
        operand(step.tables, column, value)
    return literal(value)


def _forward(step: Step, column: Column) -> str:
    known = f"CASE WHEN {column.value} IS NOT NULL THEN {column.key} END"
    return f"last_value({known} IGNORE NULLS) OVER (ORDER BY rowid ROWS UNBOUNDED PRECEDING)"


def _backward(step: Step, column: Column) -> str:
    known = f"CASE WHEN {column.value} IS NOT NULL THEN {column.key} END"
    return f"first_value({known} IGNORE NULLS) OVER (ORDER BY rowid ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING)"


def _mean(step: Step, column: Column) -> str:
    # As subqueries, those of a thousand columns would be more than DuckDB nests.
    row = step.tables.first_row(f"SELECT {number_text(f'avg({column.value})')} FROM {step.table.name}")
    return literal(row[0] if row else None)


def _zero(step: Step, column: Column) -> str:
    return "'0'"


_FILLINGS: dict[str, Callable[[Step, Column], str]] = {
    "value": _value,
    "forward_fill": _forward,
    "backward_fill": _backward,
    "mean": _mean,
    "zero": _zero,
}
