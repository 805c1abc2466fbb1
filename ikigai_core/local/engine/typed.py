"""Columns that have to hold numbers or times, and the texts of numbers and times that facets calculate."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Literal

from ikigai_core.local.engine.columns import MISSING_MARKS_SQL, Column, DataType, quote
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.tables import Table, Tables

UNITS = ("second", "minute", "hour", "day", "week", "month", "quarter", "year")

_NOUNS = {"NUMERIC": "number", "TIME": "time"}


def typed_column(tables: Tables, table: Table, name: str, data_type: Literal["NUMERIC", "TIME"]) -> Column:
    """Return a column that holds numbers or times. A column without any value passes for both.

    Raises
    ------
    FlowError
        There is no such column, or it is of another type.
    """
    column = table.column(name)
    if column.data_type == data_type:
        return column
    if not has_values(tables, table, column):
        return column.as_type(data_type, {})
    raise FlowError(
        f"column '{name}' is {column.data_type}, and it has to be {data_type}; "
        f"name another, or put a Convert before it if its values are {_NOUNS[data_type]}s"
    )


def typed_columns(
    tables: Tables, table: Table, names: Iterable[str], data_type: Literal["NUMERIC", "TIME"]
) -> tuple[Column, ...]:
    """Return several columns as `typed_column` does; each may be named once."""
    return tuple(typed_column(tables, table, column.name, data_type) for column in table.select(names))


def has_values(tables: Tables, table: Table, column: Column) -> bool:
    """Return whether any value is not missing; marks such as NA count as missing."""
    return bool(tables.first_row(f"SELECT 1 FROM {table.name} WHERE {column.key} NOT IN ({MISSING_MARKS_SQL}) LIMIT 1"))


def read_as(
    tables: Tables, table: Table, column: Column, data_type: DataType, data_formats: Mapping[str, str]
) -> Column:
    """Return a column with another type. Its numbers are whole if all of them are: others would be rounded."""
    if data_type != "NUMERIC":
        return column.as_type(data_type, dict(data_formats))
    judged = tables.infer(table, [column.name]).column(column.name)
    return judged if judged.data_type == "NUMERIC" else column.as_type("NUMERIC", {})


def first_unreadable(tables: Tables, table: Table, column: Column) -> str | None:
    """Return the first text that is no value of the column's type; None if all are, or missing."""
    row = tables.first_row(
        f"SELECT {column.key} FROM {table.name} WHERE {column.key} NOT IN ({MISSING_MARKS_SQL})"
        f" AND {column.value} IS NULL ORDER BY rowid LIMIT 1"
    )
    return str(row[0]) if row else None


def with_column(table: Table, column: Column) -> Table:
    """Return the table with a column in the place of the one that has its key."""
    return Table(table.name, tuple(column if other.key == column.key else other for other in table.columns))


def replaced(tables: Tables, table: Table, column: Column, value: str, parameters: Sequence[object] = ()) -> Table:
    """Return a new table, in which an SQL expression gives the texts of a column in the place of the old ones."""
    values = ", ".join(value if other.key == column.key else other.key for other in table.columns)
    columns = with_column(table, column).columns
    return tables.create(f"SELECT {values} FROM {table.name} ORDER BY rowid", columns, parameters)


def operand(tables: Tables, column: Column, value: str, what: str = "value") -> str:
    """Return the SQL that reads a value as the column's type.

    Integers can be compared with fractions.

    Raises
    ------
    FlowError
        The value is none of that type. `what` names it.
    """
    text = quote(value)
    sql = f"TRY_CAST({text} AS DOUBLE)" if column.data_type == "NUMERIC" else column.cast(text)
    if column.is_integer and value.strip().lstrip("-").isdecimal():
        sql = f"TRY_CAST({text} AS HUGEINT)"
    readable = tables.first_row(f"SELECT {sql} IS NOT NULL")
    if not readable or not readable[0]:
        noun = _NOUNS[column.data_type]
        raise FlowError(
            f"{what} '{value}' is no {noun}, but column '{column.name}' is {column.data_type}; give a {noun}"
        )
    return sql


def number_text(value: str) -> str:
    """Return the SQL for the text of a DOUBLE; what is no number, such as 0/0, is missing."""
    return f"CASE WHEN NOT isnan({value}) THEN CAST({value} AS VARCHAR) END"


def timestamp(column: Column) -> str:
    """Return the SQL for a column's value as a TIMESTAMP in UTC."""
    return f"CAST({column.value} AS TIMESTAMP)"


def time_text(value: str, is_date: str) -> str:
    """Return the SQL for the text of a TIMESTAMP in UTC: ISO 8601, a mere date where `is_date` and at midnight."""
    # Microseconds only where there are some.
    return (
        f"CASE WHEN {is_date} AND {value} = date_trunc('day', {value}) THEN strftime({value}, '%Y-%m-%d')"
        f" WHEN {value} = date_trunc('second', {value}) THEN strftime({value}, '%Y-%m-%dT%H:%M:%SZ')"
        f" ELSE strftime({value}, '%Y-%m-%dT%H:%M:%S.%fZ') END"
    )


def is_date(column: Column) -> str:
    """Return the SQL for whether the text of a time has no time of day."""
    time_format = column.data_formats.get("time_format")
    if time_format:
        return "true" if not any(part in time_format for part in ("%H", "%I", "%X", "%T", "%c", "%s")) else "false"
    return f"length({column.key}) = 10"


def as_numbers(tables: Tables, table: Table, names: Collection[str]) -> Table:
    """Return the table with columns of calculated numbers: whole ones where all their values are whole."""
    judged = tables.infer(table, names)

    def settled(column: Column, seen: Column) -> Column:
        if column.name not in names or seen.data_type == "NUMERIC":
            return seen
        # Inference takes very long numbers for text; without values it knows nothing.
        return column.as_type("NUMERIC", {}) if has_values(tables, table, column) else column

    return Table(
        table.name, tuple(settled(one, other) for one, other in zip(table.columns, judged.columns, strict=True))
    )


def literal(value: object) -> str:
    """Return a text, or the lack of one, as an SQL literal."""
    return "NULL" if value is None else quote(str(value))
