"""Profile of a dataset for people who look at it: of each column, what is missing, and how its values are spread."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import duckdb

from ikigai_core.local.engine.columns import MISSING_MARKS_SQL, Column, column_keys, quote
from ikigai_core.local.engine.csv_files import read_first_row, scan
from ikigai_core.local.engine.tables import Tables

# Columns beyond these have no profile.
_MOST_COLUMNS = 100
_BINS = 20
_MOST_VALUES = 8
_LONGEST_VALUE = 100


def profile(path: Path, data_types: Mapping[str, Mapping[str, Any]]) -> dict[str, Any]:
    """Return the profile of a CSV file with a header, in two passes over it, on one core.

    Parameters
    ----------
    path
        The file.
    data_types
        Column name to its type in wire format, as the dataset has it.

    Returns
    -------
    dict
        `rows`, and `columns` by name: the `data_type`; the number of `missing` values; an estimate of the `distinct`
        ones; of numbers and times `least`, `most`, `mean` (seconds since the epoch for times) and `bins`, the numbers
        of values in even parts of that range; of texts `common`, the most frequent values with their counts.
    """
    with TemporaryDirectory(prefix="ikigai-") as folder, Tables(Path(folder)) as tables:
        tables.execute("SET threads = 1")
        columns = _columns(read_first_row(path), data_types)
        try:
            return _profile(tables, _source(tables, path, columns), columns[:_MOST_COLUMNS])
        except duckdb.Error:
            # Unusual files need the slower reader, which makes a table of them.
            names = [column.name for column in columns]
            return _profile(tables, tables.read(path, names, skip=1).name, columns[:_MOST_COLUMNS])


def _columns(names: Sequence[str], data_types: Mapping[str, Mapping[str, Any]]) -> list[Column]:
    columns = [Column(name, key) for name, key in zip(names, column_keys(len(names)), strict=True)]
    return [
        column.as_type(kind["data_type"], dict(kind.get("data_formats") or {}))
        if (kind := data_types.get(column.name))
        else column
        for column in columns
    ]


def _source(tables: Tables, path: Path, columns: Sequence[Column]) -> str:
    if len(columns) > 1:
        return scan(path, len(columns), header=True)
    # DuckDB skips rows without a value in a single column.
    return tables.read(path, [columns[0].name], skip=1).name


def _profile(tables: Tables, source: str, columns: Sequence[Column]) -> dict[str, Any]:
    first = [_first_look(column) for column in columns]
    rows, *answers = tables.first_row(f"SELECT count(*), {', '.join(first)} FROM {source}") or ()
    seen = dict(zip(columns, answers, strict=True))
    second = {column: look for column in columns if (look := _second_look(column, seen[column]))}
    counts: Sequence[Any] = ()
    if second:
        counts = tables.first_row(f"SELECT {', '.join(second.values())} FROM {source}") or ()
    spread = dict(zip(second, counts, strict=True))
    return {
        "rows": rows,
        "columns": {column.name: _report(column, rows, seen[column], spread.get(column)) for column in columns},
    }


def _measure(column: Column) -> str:
    """Return the SQL expression for a value as a number."""
    return f"epoch({column.value})" if column.data_type == "TIME" else f"CAST({column.value} AS DOUBLE)"


def _is_measured(column: Column) -> bool:
    return column.data_type in ("NUMERIC", "TIME")


def _first_look(column: Column) -> str:
    if not _is_measured(column):
        text = f"left({column.key}, {_LONGEST_VALUE})"
        values, more = f"count({column.key})", f"'common': approx_top_k({text}, {_MOST_VALUES})"
    else:
        values = f"count(CASE WHEN {column.key} NOT IN ({MISSING_MARKS_SQL}) THEN 1 END)"
        number = f"CASE WHEN isfinite({_measure(column)}) THEN {_measure(column)} END"
        more = f"'least': min({number}), 'most': max({number}), 'mean': avg({number})"
    return f"{{'values': {values}, 'distinct': approx_count_distinct({column.key}), {more}}}"


def _second_look(column: Column, seen: Mapping[str, Any]) -> str | None:
    """Return the SQL expression that counts the values of the range's parts, or the frequent values."""
    if not _is_measured(column):
        common = ", ".join(quote(value) for value in seen["common"] or ())
        text = f"left({column.key}, {_LONGEST_VALUE})"
        return f"histogram(CASE WHEN {text} IN ({common}) THEN {text} END)" if common else None
    least, most = seen["least"], seen["most"]
    if least is None or not math.isfinite(most - least) or least == most:
        return None
    place = f"floor(({_measure(column)} - {least!r}) / {most - least!r} * {_BINS})"
    return f"histogram(CASE WHEN isfinite({_measure(column)}) THEN CAST(least({place}, {_BINS - 1}) AS INTEGER) END)"


def _report(column: Column, rows: int, seen: Mapping[str, Any], spread: Mapping[Any, int] | None) -> dict[str, Any]:
    measured = _is_measured(column)
    counts = spread or {}
    return {
        "data_type": column.data_type,
        "missing": rows - seen["values"],
        "distinct": min(seen["distinct"], seen["values"]),
        **{name: seen[name] if measured else None for name in ("least", "most", "mean")},
        "bins": [counts.get(place, 0) for place in range(_BINS)] if measured and counts else [],
        "common": [] if measured else sorted(counts.items(), key=lambda one: -one[1]),
    }
