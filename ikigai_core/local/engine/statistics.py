"""Statistics of columns, by name. Each is an aggregate of DuckDB; missing and infinite values do not count.

- `mean`: arithmetic mean.
- `std`, `variance`: of a sample, with n - 1, as pandas and R have them.
- `25%`, `50%`, `75%`: quantiles with linear interpolation, type 7 of Hyndman and Fan, "Sample Quantiles in Statistical
  Packages" (1996); the default of NumPy, pandas and R.
- `skewness`, `kurtosis`: G1 and G2, the adjusted ones of Joanes and Gill, "Comparing measures of sample skewness and
  kurtosis" (1998), as pandas has them; the kurtosis is the excess over that of a normal distribution.
- correlations: Pearson's r, of the rows in which both values are known.
- histograms: parts of equal width, with the limits of `numpy.histogram_bin_edges`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise

from ikigai_core.local.engine.aggregates import extreme
from ikigai_core.local.engine.columns import INTEGER_FORMAT, Column, quote
from ikigai_core.local.engine.tables import Table, Tables
from ikigai_core.local.engine.typed import number_text

Statistics = Mapping[str, Callable[[Column], str]]
"""SQL aggregates by name, each for the text of a statistic of a column."""

_BINS = 10
_AT_ONCE = 20
_MOST_VALUES = 100


def number(column: Column) -> str:
    """Return the SQL for a column's finite number as a DOUBLE."""
    return f"CASE WHEN isfinite(CAST({column.value} AS DOUBLE)) THEN CAST({column.value} AS DOUBLE) END"


def _of_numbers(aggregate: str) -> Callable[[Column], str]:
    return lambda column: number_text(aggregate.replace("?", number(column)))


def _count(condition: str) -> Callable[[Column], str]:
    return lambda column: f"CAST(count(CASE WHEN {condition.replace('?', column.value)} THEN 1 END) AS VARCHAR)"


def _length(aggregate: str) -> Callable[[Column], str]:
    return lambda column: f"CAST({aggregate}(length({column.key})) AS VARCHAR)"


COUNTS: Statistics = {
    "count": _count("? IS NOT NULL"),
    "missing": _count("? IS NULL"),
    "distinct": lambda column: f"CAST(count(DISTINCT {column.value}) AS VARCHAR)",
}
NUMBERS: Statistics = {
    "mean": _of_numbers("avg(?)"),
    "std": _of_numbers("stddev_samp(?)"),
    "min": _of_numbers("min(?)"),
    "25%": _of_numbers("quantile_cont(?, 0.25)"),
    "50%": _of_numbers("quantile_cont(?, 0.5)"),
    "75%": _of_numbers("quantile_cont(?, 0.75)"),
    "max": _of_numbers("max(?)"),
}
SHAPE: Statistics = {
    "variance": _of_numbers("var_samp(?)"),
    "skewness": _of_numbers("skewness(?)"),
    "kurtosis": _of_numbers("kurtosis(?)"),
    "zeros": _count("? = 0"),
}
RANGE: Statistics = {
    "min": lambda column: extreme(column, "min"),
    "max": lambda column: extreme(column, "max"),
}
LENGTHS: Statistics = {
    "empty": _count("? = ''"),
    "shortest": _length("min"),
    "mean_length": _length("avg"),
    "longest": _length("max"),
}
_WHOLE = {*COUNTS, "zeros", "empty", "shortest", "longest", "frequency"}


def statistics_table(tables: Tables, table: Table, columns: Sequence[tuple[Column, Statistics]]) -> Table:
    """Return a table with a row for each column: `column`, `data_type`, and the statistics by name.

    A statistic that a column does not have is missing.
    """
    names = list(dict.fromkeys(name for _, statistics in columns for name in statistics))
    rows = [
        f"SELECT {', '.join([quote(column.name), quote(column.data_type), *_values(column, names, statistics)])}"
        f" FROM {table.name}"
        for column, statistics in columns
    ]
    result = [Column("column", ""), Column("data_type", "", "CATEGORICAL"), *map(_named, names)]
    return rows_table(tables, rows, result)


def _values(column: Column, names: Sequence[str], statistics: Statistics) -> list[str]:
    return [statistics[name](column) if name in statistics else "NULL" for name in names]


def _named(name: str) -> Column:
    if name == "most_frequent":
        return Column(name, "")
    return Column(name, "", "NUMERIC", dict(INTEGER_FORMAT) if name in _WHOLE else {})


def rows_table(tables: Tables, rows: Sequence[str], columns: Sequence[Column]) -> Table:
    """Return the table that several queries give one after another; without one, a table without rows."""
    nothing = f"SELECT {', '.join('NULL::VARCHAR' for _ in columns)} WHERE false"
    selects = [f"({row})" for row in rows] or [nothing]
    # DuckDB's time and memory grow with the square of the parts of a union.
    parts = [
        tables.create(" UNION ALL ".join(selects[start : start + _AT_ONCE]), columns)
        for start in range(0, len(selects), _AT_ONCE)
    ]
    if len(parts) == 1:
        return parts[0]
    table = tables.create(" UNION ALL ".join(f"SELECT * FROM {part.name}" for part in parts), columns)
    for part in parts:
        tables.drop(part.name)
    return table


def frequent(table: Table) -> Statistics:
    """Return the most frequent value of a text column, the first one among several, and how often it occurs."""

    def most(column: Column, what: str) -> str:
        counted = f"SELECT {column.key} AS value, count(*) AS times, min(rowid) AS row FROM {table.name} "
        return (
            f"(SELECT {what} FROM ({counted} WHERE {column.key} IS NOT NULL GROUP BY {column.key}) "
            "ORDER BY times DESC, row LIMIT 1)"
        )

    return {
        "most_frequent": lambda column: most(column, "value"),
        "frequency": lambda column: most(column, "CAST(times AS VARCHAR)"),
    }


def correlations(tables: Tables, table: Table, columns: Sequence[Column]) -> dict[tuple[str, str], str | None]:
    """Return the text of Pearson's r for each pair of columns of numbers, missing where one of them is constant."""
    pairs = [(one, other) for at, one in enumerate(columns) for other in columns[at:]]
    if not pairs:
        return {}
    values = [number_text(f"corr({number(one)}, {number(other)})") for one, other in pairs]
    row = tables.first_row(f"SELECT {', '.join(values)} FROM {table.name}") or ()
    return {(one.name, other.name): value for (one, other), value in zip(pairs, row, strict=True)}


def numeric_histogram(tables: Tables, table: Table, column: Column) -> list[str]:
    """Return queries for the rows of a histogram: the column's name, the part, its limits, the count."""
    import numpy as np

    least, most = tables.first_row(f"SELECT min({number(column)}), max({number(column)}) FROM {table.name}") or ()
    if least is None:
        return []
    edges = [float(edge) for edge in np.histogram_bin_edges([least, most], _BINS)]
    return [
        f"SELECT {quote(column.name)}, '{at + 1}', '{low!r}', '{high!r}', CAST(count(*) AS VARCHAR) FROM {table.name} "
        f"WHERE {number(column)} >= {low!r}::DOUBLE AND "
        f"{number(column)} {'<=' if at == _BINS - 1 else '<'} {high!r}::DOUBLE"
        for at, (low, high) in enumerate(pairwise(edges))
    ]


def text_histogram(table: Table, column: Column) -> str:
    """Return a query for the most frequent values of a column, at most a hundred, with their counts."""
    return (
        f"SELECT {quote(column.name)}, {column.key}, CAST(count(*) AS VARCHAR) FROM {table.name} "
        f"WHERE {column.key} IS NOT NULL GROUP BY {column.key} ORDER BY count(*) DESC, min(rowid) LIMIT {_MOST_VALUES}"
    )
