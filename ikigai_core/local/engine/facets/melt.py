"""Melt: a row for each value of some columns."""

from __future__ import annotations

from collections.abc import Sequence

from ikigai_core.local.engine.columns import Column, quote
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table


def run(step: Step) -> Table:
    """Give each value of the value columns a row with the identifiers, its column's name as `variable`, and `value`.

    All rows of the first value column come first, as with `melt` of pandas. Without value columns, all columns that are
    no identifiers are taken.
    """
    table = step.table
    identifiers = table.select(step.arguments["identifier_columns"] or [])
    others = [column.name for column in table.columns if column not in identifiers]
    values = table.select(step.arguments["value_columns"] or others)
    if not values:
        raise FlowError("there is no column beside the identifier_columns; name fewer")
    keys = "".join(f"{column.key}, " for column in identifiers)
    parts = [f"SELECT {keys}{quote(column.name)}, {column.key} FROM {table.name}" for column in values]
    merged = _merged(values)
    melted = step.tables.create(
        " UNION ALL ".join(parts), [*identifiers, Column("variable", ""), merged or Column("value", "")]
    )
    return step.tables.infer(melted, ["variable"] if merged else ["variable", "value"])


def _merged(columns: Sequence[Column]) -> Column | None:
    """Return a column with a type that fits all; None if only the values can tell it."""
    merged: Column | None = columns[0].called("value")
    for column in columns[1:]:
        merged = merged and merged.merged_with(column)
    return merged
