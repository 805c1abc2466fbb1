"""EDA: seven looks at a table, of which each arrow takes the one that its `output_type` names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ikigai_core.local.engine.alerts import alerts
from ikigai_core.local.engine.columns import INTEGER_FORMAT, Column, quote
from ikigai_core.local.engine.statistics import (
    COUNTS,
    LENGTHS,
    NUMBERS,
    SHAPE,
    correlations,
    frequent,
    numeric_histogram,
    rows_table,
    statistics_table,
    text_histogram,
)
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table
from ikigai_core.local.engine.typed import literal

_NUMBER = Column("", "", "NUMERIC")
_WHOLE = Column("", "", "NUMERIC", dict(INTEGER_FORMAT))


def run(step: Step) -> Mapping[str, Table]:
    """Return all seven outputs for the target columns, or for all columns.

    The formulas are named in `ikigai_core.local.engine.statistics`.
    """
    columns = step.table.select(step.arguments["target_columns"] or step.table.column_names)
    numbers = [column for column in columns if column.data_type == "NUMERIC"]
    texts = [column for column in columns if column.data_type in ("TEXT", "CATEGORICAL")]
    of_texts = {**COUNTS, **frequent(step.table), **LENGTHS}
    found = correlations(step.tables, step.table, numbers)
    return {
        "numeric_statistic": statistics_table(
            step.tables, step.table, [(column, {**COUNTS, **NUMBERS, **SHAPE}) for column in numbers]
        ),
        "text_statistic": statistics_table(step.tables, step.table, [(column, of_texts) for column in texts]),
        "alert": alerts(step.tables, step.table, columns, found),
        "correlation_tabular": _pairs(step, found),
        "correlation_heatmap": _matrix(step, numbers, found),
        "numeric_histogram": rows_table(
            step.tables,
            [row for column in numbers for row in numeric_histogram(step.tables, step.table, column)],
            [
                Column("column", ""),
                _WHOLE.called("bin"),
                _NUMBER.called("from"),
                _NUMBER.called("to"),
                _WHOLE.called("count"),
            ],
        ),
        "text_histogram": rows_table(
            step.tables,
            [text_histogram(step.table, column) for column in texts],
            [Column("column", ""), Column("value", ""), _WHOLE.called("count")],
        ),
    }


def _pairs(step: Step, found: Mapping[tuple[str, str], str | None]) -> Table:
    rows = [
        f"SELECT {quote(one)}, {quote(other)}, {literal(value)}"
        for (one, other), value in found.items()
        if one != other
    ]
    columns = [Column("column_1", ""), Column("column_2", ""), _NUMBER.called("correlation")]
    return rows_table(step.tables, rows, columns)


def _matrix(step: Step, numbers: Sequence[Column], found: Mapping[tuple[str, str], str | None]) -> Table:
    names = [column.name for column in numbers]
    rows = [
        f"SELECT {quote(one)}, "
        + ", ".join(literal(found.get((one, other), found.get((other, one)))) for other in names)
        for one in names
    ]
    head = "column"
    # A column of the table may have this name, too.
    while head in names:
        head = f"{head}_"
    return rows_table(step.tables, rows, [Column(head, ""), *(_NUMBER.called(name) for name in names)])
