"""Transpose: rows become columns."""

from __future__ import annotations

import pandas as pd

from ikigai_core.local.engine.columns import Column, column_keys
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table

_MOST_ROWS = 10_000


def run(step: Step) -> Table:
    """Return a row for each column: its name in `column`, and its values in `row_1`, `row_2` and so on.

    The types of the new columns are inferred. The table has to fit in memory.
    """
    table = step.table
    count = step.tables.row_count(table)
    if count > _MOST_ROWS:
        raise FlowError(f"the table has {count:,} rows, and each would become a column; keep at most {_MOST_ROWS:,}")
    keys = ", ".join(column.key for column in table.columns)
    rows = step.tables.execute(f"SELECT {keys} FROM {table.name} ORDER BY rowid").fetchall()
    frame = pd.DataFrame({key: pd.Series(row, dtype=object) for key, row in _keyed([tuple(table.column_names), *rows])})
    step.tables.register("transposed", frame)
    # A column without any value would be one of numbers.
    texts = ", ".join(f"CAST({key} AS VARCHAR)" for key in frame.columns)
    names = ["column", *(f"row_{number}" for number in range(1, count + 1))]
    return step.tables.infer(
        step.tables.create(f"SELECT {texts} FROM transposed", [Column(name, "") for name in names])
    )


def _keyed(rows: list[tuple[str | None, ...]]) -> list[tuple[str, tuple[str | None, ...]]]:
    return list(zip(column_keys(len(rows)), rows, strict=True))
