"""Alerts: what is remarkable about the columns of a table. The limits are this platform's own."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ikigai_core.local.engine.columns import Column, quote
from ikigai_core.local.engine.statistics import COUNTS, SHAPE, rows_table
from ikigai_core.local.engine.tables import Table, Tables

MISSING_SHARE = 0.05
ZERO_SHARE = 0.1
SKEWNESS = 2.0
CORRELATION = 0.9
DISTINCT_TEXTS = 50


def alerts(
    tables: Tables, table: Table, columns: Sequence[Column], found: Mapping[tuple[str, str], str | None]
) -> Table:
    """Return a row for each alert: the column, the name of the alert, and the figure that raised it.

    Parameters
    ----------
    found
        Correlations by pairs of columns.
    """
    rows = [(column.name, *alert) for column in columns for alert in _of_column(tables, table, column)]
    rows += [
        (one, f"correlated with {other}", float(value))
        for (one, other), value in found.items()
        if one != other and value is not None and abs(float(value)) >= CORRELATION
    ]
    queries = [f"SELECT {quote(name)}, {quote(alert)}, '{float(figure)!r}'" for name, alert, figure in rows]
    return rows_table(tables, queries, [Column("column", ""), Column("alert", ""), Column("figure", "", "NUMERIC")])


def _of_column(tables: Tables, table: Table, column: Column) -> list[tuple[str, float]]:
    is_number = column.data_type == "NUMERIC"
    names = [*COUNTS, *(("zeros", "skewness") if is_number else ())]
    values = ", ".join({**COUNTS, **SHAPE}[name](column) for name in names)
    row = tables.first_row(f"SELECT {values} FROM {table.name}") or ()
    seen = {name: float(value) if value is not None else 0.0 for name, value in zip(names, row, strict=True)}
    count, total = seen["count"], seen["count"] + seen["missing"]
    if not total:
        return []
    is_text = column.data_type in ("TEXT", "CATEGORICAL")
    tests = {
        "missing": (seen["missing"] / total, seen["missing"] / total >= MISSING_SHARE),
        "constant": (seen["distinct"], count > 1 and seen["distinct"] == 1),
        "unique": (seen["distinct"], count > 1 and seen["distinct"] == count),
        "many different texts": (seen["distinct"], is_text and seen["distinct"] > DISTINCT_TEXTS),
        "zeros": (seen.get("zeros", 0) / total, seen.get("zeros", 0) / total >= ZERO_SHARE),
        "skewed": (seen.get("skewness", 0), abs(seen.get("skewness", 0)) > SKEWNESS),
    }
    return [(name, figure) for name, (figure, is_so) in tests.items() if is_so]
