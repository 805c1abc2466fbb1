"""Filter: the rows that meet a condition on one column."""

from __future__ import annotations

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
_TEXT_TESTS = {"contains": "contains", "starts_with": "starts_with", "ends_with": "ends_with"}


def run(step: Step) -> Table:
    """Keep the rows that meet the condition, in order. Missing values meet only not_equals and is_missing."""
    column = step.table.column(step.arguments["column_name"])
    condition, value = step.arguments["condition"], step.arguments["value"]
    parameters = [value]
    if condition == "is_missing":
        test, parameters = f"{column.value} IS NULL", []
    elif condition == "is_not_missing":
        test, parameters = f"{column.value} IS NOT NULL", []
    elif value is None:
        raise FlowError(f"condition '{condition}' needs the argument 'value'; set it")
    elif condition in _TEXT_TESTS:
        # The text of a missing number can be NA, which contains no A.
        test = f"{column.value} IS NOT NULL AND {_TEXT_TESTS[condition]}({column.key}, ?)"
    else:
        test = f"{column.value} {_COMPARISONS[condition]} {operand(step.tables, column, value)}"
    keys = ", ".join(other.key for other in step.table.columns)
    return step.tables.create(f"SELECT {keys} FROM {step.table.name} WHERE {test}", step.table.columns, parameters)
