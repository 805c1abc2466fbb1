"""Aggregations that facets name: sum, mean, min, max and count, each of the values that are not missing."""

from __future__ import annotations

from ikigai_core.local.engine.columns import INTEGER_FORMAT, Column
from ikigai_core.local.engine.tables import Table, Tables
from ikigai_core.local.engine.typed import number_text, typed_column


def aggregated(tables: Tables, table: Table, name: str, aggregation: str) -> tuple[Column, str]:
    """Return a column of aggregated values, and the SQL aggregate that gives their texts.

    Sum and mean are of numbers, as DuckDB's `sum` and `avg` compute them; min and max of text are by code point, and
    keep the text of the value. Without values there is none, but a count of 0.

    Raises
    ------
    FlowError
        There is no such column, or it has to hold numbers and does not.
    """
    if aggregation == "count":
        column = table.column(name)
        return column.as_type("NUMERIC", dict(INTEGER_FORMAT)), f"CAST(count({column.value}) AS VARCHAR)"
    if aggregation in ("min", "max"):
        column = table.column(name)
        return column, extreme(column, aggregation)
    column = typed_column(tables, table, name, "NUMERIC")
    if aggregation == "mean":
        return column.as_type("NUMERIC", {}), number_text(f"avg({column.value})")
    return column, f"CAST(sum({column.value}) AS VARCHAR)" if column.is_integer else number_text(f"sum({column.value})")


def extreme(column: Column, aggregation: str) -> str:
    """Return the SQL aggregate for the text of the least or the greatest value."""
    if column.value == column.key:
        return f"{aggregation}({column.key})"
    # Of values that are equal and written differently, the first row's is taken, whichever thread finds it.
    row = "rowid" if aggregation == "min" else "-rowid"
    place = f"{{'value': {column.value}, 'row': {row}}}"
    return f"arg_{aggregation}({column.key}, {place}) FILTER (WHERE {column.value} IS NOT NULL)"


def representative(column: Column) -> str:
    """Return the SQL aggregate for the text that stands for a group of equal values: the first row's."""
    return column.key if column.identity == column.key else f"arg_min({column.key}, rowid)"
