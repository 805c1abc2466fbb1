"""Columns of the tables between facets.

Every value is kept as the text from the CSV file; missing values are NULL. Values that no facet changes therefore keep
their exact form, such as `007`, `1.50` and `2013-01-01T05:00Z`. The type of a column says how to read this text for
comparisons and calculations.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any, Literal, Self

DataType = Literal["NUMERIC", "TIME", "CATEGORICAL", "TEXT"]

INTEGER_FORMAT = {"numeric_format": "INTEGER"}

# Text that means "no value" in columns of numbers or times. In text columns it is ordinary text.
MISSING_MARKS = ("", "NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NULL", "null", "None")
MISSING_MARKS_SQL = ", ".join(f"'{mark}'" for mark in MISSING_MARKS)


@dataclass(frozen=True, eq=False)
class Column:
    """A column: its name, its key in DuckDB, and its data type.

    Parameters
    ----------
    name
        Name for the user; any text, unique in the table.
    key
        Name in DuckDB. It differs from the user's: DuckDB ignores case in names, and reserves `rowid`.
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
        """SQL expression for the value: a number, a point in time, or the text."""
        return self.cast(self.key)

    def cast(self, text: str) -> str:
        """Return the SQL expression that converts `text`, itself an SQL expression, to a value of this column."""
        if self.is_integer:
            return f"TRY_CAST({text} AS BIGINT)"
        if self.data_type == "NUMERIC":
            # NaN is a mark of a missing value, and a number to DuckDB.
            return f"nullif(TRY_CAST({text} AS DOUBLE), 'NaN'::DOUBLE)"
        if self.data_type == "TIME":
            time_format = self.data_formats.get("time_format")
            if time_format:
                return f"try_strptime({text}, {quote(time_format)})"
            return f"TRY_CAST({text} AS TIMESTAMPTZ)"
        return text

    @property
    def identity(self) -> str:
        """SQL expression that is the same for equal values: as numbers, 1.0 and 1.00 are equal."""
        return self.value if self.data_type == "NUMERIC" and not self.is_integer else self.key

    def as_type(self, data_type: DataType, data_formats: dict[str, str]) -> Self:
        """Return this column with another type."""
        return replace(self, data_type=data_type, data_formats=data_formats)

    def called(self, name: str) -> Self:
        """Return this column with another name."""
        return replace(self, name=name)

    def merged_with(self, other: Column) -> Self | None:
        """Return this column with a type that fits both columns; None if only the values can tell that type."""
        if self.describe() == other.describe():
            return self
        if self.data_type == other.data_type == "NUMERIC":
            return self.as_type("NUMERIC", {})
        if {self.data_type, other.data_type} <= {"TEXT", "CATEGORICAL"}:
            return self.as_type("TEXT", {})
        return None

    def describe(self) -> dict[str, Any]:
        """Return the type in wire format."""
        return {"data_type": self.data_type, "data_formats": dict(self.data_formats)}


def quote(text: str) -> str:
    """Return a text as an SQL literal."""
    return "'" + text.replace("'", "''") + "'"


def column_keys(count: int) -> list[str]:
    """Return the DuckDB names of a table's columns."""
    return [f"c{number}" for number in range(count)]
