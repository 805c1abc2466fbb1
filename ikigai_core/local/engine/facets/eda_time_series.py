"""EDA Time Series: statistics of each time series of a table."""

from __future__ import annotations

from ikigai_core.local.engine.aggregates import extreme, representative
from ikigai_core.local.engine.columns import INTEGER_FORMAT, Column
from ikigai_core.local.engine.statistics import NUMBERS, number
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table
from ikigai_core.local.engine.typed import number_text, timestamp, typed_column


def run(step: Step) -> Table:
    """Return a row for each combination of identifiers, or one for all rows, in the order of first rows.

    Each series is the rows with a known time. `missing` counts its missing values; `start` and `end` are its first and
    last time; `median_step_seconds` is the median distance of neighbouring times; mean, std and so on are those of its
    values; `slope_per_day` is that of the least-squares line; `autocorrelation` is Pearson's r between each value and
    the one before it in time, as with `autocorr` of pandas.
    """
    table = step.table
    time = typed_column(step.tables, table, step.arguments["time_column"], "TIME")
    value = typed_column(step.tables, table, step.arguments["value_column"], "NUMERIC")
    identifiers = table.select(step.arguments["identifier_columns"] or [])
    partition = ", ".join(column.identity for column in identifiers)
    order = f"({f'PARTITION BY {partition} ' if partition else ''}ORDER BY {timestamp(time)}, rowid)"
    days = f"epoch({timestamp(time)}) / 86400"
    statistics = {
        "count": "CAST(count(*) AS VARCHAR)",
        "missing": f"CAST(count(*) - count({value.value}) AS VARCHAR)",
        "start": extreme(time, "min"),
        "end": extreme(time, "max"),
        "median_step_seconds": number_text("quantile_cont(seconds, 0.5)"),
        **{name: statistic(value) for name, statistic in NUMBERS.items()},
        "slope_per_day": number_text(f"regr_slope({number(value)}, {days})"),
        "autocorrelation": number_text(f"corr({number(value)}, before)"),
    }
    rows = (
        f"SELECT *, rowid, lag({number(value)}) OVER w AS before, "
        f"epoch({timestamp(time)}) - lag(epoch({timestamp(time)})) OVER w AS seconds "
        f"FROM {table.name} WHERE {time.value} IS NOT NULL WINDOW w AS {order}"
    )
    return step.tables.create(
        f"SELECT {', '.join([*map(representative, identifiers), *statistics.values()])} FROM ({rows}) "
        f"GROUP BY {partition or '()'} ORDER BY min(rowid)",
        [*identifiers, *(_column(name, time) for name in statistics)],
    )


def _column(name: str, time: Column) -> Column:
    if name in ("start", "end"):
        return time.called(name)
    return Column(name, "", "NUMERIC", dict(INTEGER_FORMAT) if name in ("count", "missing") else {})
