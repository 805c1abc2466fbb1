"""Tables with a column for each value of a column."""

from __future__ import annotations

from collections.abc import Sequence

from ikigai_core.local.engine.aggregates import representative
from ikigai_core.local.engine.columns import Column, quote
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.tables import Table, Tables

_MOST_COLUMNS = 2_000


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
    return tables.create(
        f"SELECT {', '.join([*rows, *spreads])} FROM ({cells}) GROUP BY {places} ORDER BY min(first_row)",
        [*index, *(cell.called(value) for value in values)],
    )


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
