"""Filter: the rows that meet a condition on one column."""

from __future__ import annotations

from ikigai_core.local.engine.columns import quote
from ikigai_core.local.engine.deferral import rows_where
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table
from ikigai_core.local.engine.typed import operand

_COMPARISONS = {
    "equals": "=",
    "not_equals": "IS DISTINCT FROM",
    "greater_than": ">",
    "greater_or_equal": ">=",
    "less_than": "<",
    "less_or_equal": "<=",
}
_TEXT_TESTS = ("contains", "starts_with", "ends_with")

TAKES_DEFERRED = True


def run(step: Step) -> Table:
    """Keep the rows that meet the condition, in order. Missing values meet only not_equals and is_missing."""
    column = step.table.column(step.arguments["column_name"])
    condition, value = step.arguments["condition"], step.arguments["value"]
    if condition == "is_missing":
        test = f"{column.value} IS NULL"
    elif condition == "is_not_missing":
        test = f"{column.value} IS NOT NULL"
    elif value is None:
        raise FlowError(f"condition '{condition}' needs the argument 'value'; set it")
    elif condition in _TEXT_TESTS:
        # The text of a missing number can be NA, which contains no A.
        test = f"{column.value} IS NOT NULL AND {condition}({column.key}, {quote(value)})"
        return rows_where(step.tables, step.table, test, [column.key])
    else:
        test = f"{column.value} {_COMPARISONS[condition]} {operand(step.tables, column, value)}"
    return rows_where(step.tables, step.table, test)
