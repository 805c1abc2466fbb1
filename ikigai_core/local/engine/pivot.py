"""Tables with a column for each value of a column."""

from __future__ import annotations

from collections.abc import Sequence

from ikigai_core.local.engine.aggregates import representative
from ikigai_core.local.engine.columns import Column, quote
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.tables import Table, Tables

_MOST_COLUMNS = 2_000
# DuckDB's time and memory grow with the square of the aggregates in a query.
_AT_ONCE = 100
_CELLS = "cells_of_pivot"


def pivot(
    tables: Tables,
    table: Table,
    index: Sequence[Column],
    spread: Column,
    cell: Column,
    aggregate: str,
    *,
    empty: str = "NULL",
    condition: str = "true",
) -> Table:
    """Return a table with a row for each combination of index values, and a column for each value of `spread`.

    Parameters
    ----------
    cell
        The type of the new columns.
    aggregate
        SQL aggregate for the text of a cell.
    empty
        SQL for the text of a cell without rows.
    condition
        SQL condition on the rows that count.

    Returns
    -------
    Table
        The rows in the order of the first rows of their combinations; the new columns in the order of the values. Rows
        in which the value of `spread` is missing make no column.

    Raises
    ------
    FlowError
        There would be too many columns, or their names are not valid.
    """
    values = _values(tables, table, spread, condition)
    keys = [f"{representative(column)} AS key_{number}" for number, column in enumerate(index)]
    identities = [f"{column.identity} AS id_{number}" for number, column in enumerate(index)]
    places = ", ".join(f"id_{number}" for number in range(len(index)))
    cells = (
        f"SELECT {', '.join([*keys, *identities])}, {spread.identity} AS place, min(rowid) AS first_row, "
        f"{aggregate} AS cell FROM {table.name} WHERE {condition} "
        f"GROUP BY {', '.join(column.identity for column in [*index, spread])}"
    )
    rows = [f"arg_min(key_{number}, first_row)" for number in range(len(index))]
    spreads = [f"coalesce(any_value(cell) FILTER (WHERE place = {_place(spread, value)}), {empty})" for value in values]
    columns = [*index, *(cell.called(value) for value in values)]
    wanted = [*rows, *spreads]
    rest = f"GROUP BY {places} ORDER BY min(first_row)"
    if len(wanted) <= _AT_ONCE:
        return tables.create(f"SELECT {', '.join(wanted)} FROM ({cells}) {rest}", columns)
    return _in_parts(tables, cells, wanted, rest, columns)


def _in_parts(tables: Tables, cells: str, wanted: Sequence[str], rest: str, columns: Sequence[Column]) -> Table:
    """Return the table `SELECT wanted FROM cells rest`, which is computed a part of the columns at a time."""
    tables.execute(f"CREATE OR REPLACE TABLE {_CELLS} AS {cells}")
    parts = []
    for start in range(0, len(wanted), _AT_ONCE):
        values = wanted[start : start + _AT_ONCE]
        named = [Column(str(number), "") for number in range(len(values))]
        parts.append(tables.create(f"SELECT {', '.join(values)} FROM {_CELLS} {rest}", named))
    tables.drop(_CELLS)
    keys = ", ".join(f"{part.name}.{column.key}" for part in parts for column in part.columns)
    joined = " POSITIONAL JOIN ".join(part.name for part in parts)
    table = tables.create(f"SELECT {keys} FROM {joined} ORDER BY {parts[0].name}.rowid", columns)
    for part in parts:
        tables.drop(part.name)
    return table


def _values(tables: Tables, table: Table, column: Column, condition: str) -> list[str]:
    found = tables.execute(
        f"SELECT {representative(column)} FROM {table.name} WHERE {column.value} IS NOT NULL AND {condition} "
        f"GROUP BY {column.identity} ORDER BY min({column.value}), {column.identity} LIMIT {_MOST_COLUMNS + 1}"
    ).fetchall()
    if len(found) > _MOST_COLUMNS:
        raise FlowError(
            f"column '{column.name}' has more than {_MOST_COLUMNS:,} different values, and each would become a column; "
            "name a column with fewer"
        )
    return [value for (value,) in found]


def _place(column: Column, text: str) -> str:
    return quote(text) if column.identity == column.key else column.cast(quote(text))
