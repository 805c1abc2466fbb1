"""Columns of the tables between facets.

Every value is kept as the text that the CSV file holds, missing ones as NULL, so that a value which no facet changes
leaves as it came: `007`, `1.50` and `2013-01-01T05:00Z` survive. A column's type says how to read that text where a
facet has to compare or calculate.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

DataType = Literal["NUMERIC", "TIME", "CATEGORICAL", "TEXT"]

INTEGER_FORMAT = {"numeric_format": "INTEGER"}

# Text that stands for "no value" in a column of numbers or times. In a column of text it is text like any other.
MISSING_MARKS = ("", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "None")
MISSING_MARKS_SQL = ", ".join(f"'{mark}'" for mark in MISSING_MARKS)


@dataclass(frozen=True, eq=False)
class Column:
    """A column: its name in the flow, where DuckDB keeps it, and how its text is to be read.

    Parameters
    ----------
    name
        As the user sees it; any text, unique in its table.
    key
        The column's name in DuckDB. Never the user's: DuckDB's names ignore case, and `rowid` means something there.
    data_type
        NUMERIC, TIME, CATEGORICAL or TEXT.
    data_formats
        `{"numeric_format": "INTEGER"}` for whole numbers, `{"time_format": "%d.%m.%Y"}` for times not in ISO 8601.
    """

    name: str
    key: str
    data_type: DataType = "TEXT"
    data_formats: dict[str, str] = field(default_factory=dict)

    @property
    def is_integer(self) -> bool:
        """Whether all values are whole numbers."""
        return self.data_type == "NUMERIC" and self.data_formats == INTEGER_FORMAT

    @property
    def value(self) -> str:
        """The SQL expression of the value: a number, a point in time, or the text."""
        return self.cast(self.key)

    def cast(self, text: str) -> str:
        """Give the SQL expression that reads `text`, an SQL expression of text, as a value of this column."""
        if self.is_integer:
            return f"TRY_CAST({text} AS BIGINT)"
        if self.data_type == "NUMERIC":
            return f"TRY_CAST({text} AS DOUBLE)"
        if self.data_type == "TIME":
            time_format = self.data_formats.get("time_format")
            if time_format:
                return f"try_strptime({text}, {quote(time_format)})"
            return f"TRY_CAST({text} AS TIMESTAMPTZ)"
        return text

    @property
    def identity(self) -> str:
        """The SQL expression by which two values count as the same: 1.0 and 1.00 do as numbers."""
        return self.value if self.data_type == "NUMERIC" and not self.is_integer else self.key

    def as_type(self, data_type: DataType, data_formats: dict[str, str]) -> Self:
        """Give the same column read another way."""
        return replace(self, data_type=data_type, data_formats=data_formats)

    def called(self, name: str) -> Self:
        """Give the same column under another name."""
        return replace(self, name=name)

    def merged_with(self, other: Column) -> Self | None:
        """Give this column as it holds another's values, too; None where only the values can tell its type."""
        if self.describe() == other.describe():
            return self
        if self.data_type == other.data_type == "NUMERIC":
            return self.as_type("NUMERIC", {})
        if {self.data_type, other.data_type} <= {"TEXT", "CATEGORICAL"}:
            return self.as_type("TEXT", {})
        return None

    def describe(self) -> dict[str, Any]:
        """Give the type as the wire format has it."""
        return {"data_type": self.data_type, "data_formats": dict(self.data_formats)}


def quote(text: str) -> str:
    """Write a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def column_keys(count: int) -> list[str]:
    """Give the DuckDB names of a table's columns."""
    return [f"c{number}" for number in range(count)]
