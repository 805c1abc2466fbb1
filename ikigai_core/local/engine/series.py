"""Time series of a table, and the table of their forecasts."""

from __future__ import annotations

import warnings
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from ikigai_core.local.engine.columns import Column
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.forecasting import Numbers
from ikigai_core.local.engine.statistics import number
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table
from ikigai_core.local.engine.typed import as_numbers, is_date, number_text, time_text, timestamp, typed_column

_FEWEST = 2


@dataclass(frozen=True)
class Series:
    """The known values of one combination of identifiers, in the order of their times, which are in UTC."""

    identifiers: tuple[str | None, ...]
    times: pd.DatetimeIndex
    values: Numbers

    @property
    def title(self) -> str:
        """What messages call it."""
        return f"the series of {', '.join(map(repr, self.identifiers))}" if self.identifiers else "the series"

    def later(self, count: int) -> pd.DatetimeIndex:
        """Return the times to come: in the rhythm of the calendar if there is one, or else at the median distance."""
        rhythm: Any = None
        if len(self.times) > _FEWEST:
            with warnings.catch_warnings():
                # In later releases of pandas it is an offset, which does as well.
                warnings.simplefilter("ignore")
                rhythm = pd.infer_freq(self.times)
        if rhythm is None:
            rhythm = pd.Series(self.times).diff().median()
        return pd.date_range(self.times[-1], periods=count + 1, freq=rhythm)[1:]


@dataclass(frozen=True)
class SeriesColumns:
    """The columns that hold the series of a table."""

    time: Column
    value: Column
    identifiers: tuple[Column, ...]

    @classmethod
    def of(cls, step: Step, table: Table, parameters: Mapping[str, Any]) -> SeriesColumns:
        """Return the columns that a model's parameters name.

        Raises
        ------
        FlowError
            One is not named, is not there, or holds something else.
        """
        for name in ("time_column", "value_column"):
            if not parameters[name]:
                raise FlowError(f"it needs the parameter '{name}'; set it to a column")
        time = typed_column(step.tables, table, parameters["time_column"], "TIME")
        value = typed_column(step.tables, table, parameters["value_column"], "NUMERIC")
        return cls(time, value, table.select(parameters["identifier_columns"] or []))


def read_series(step: Step, table: Table, columns: SeriesColumns, fill: str, most_missing: float) -> list[Series]:
    """Return the series of a table, in the order of their first rows. Rows without a time do not count.

    Parameters
    ----------
    fill
        What takes the place of missing values: `forward_fill`, `mean`, `linear` or `zero`.
    most_missing
        Series that lack a larger share of values are left out.

    Raises
    ------
    FlowError
        A series has a time in several rows, or fewer than two values.
    """
    keys = [f"{column.key}, CAST({column.identity} AS VARCHAR)" for column in columns.identifiers]
    selected = ", ".join([f"epoch_us({timestamp(columns.time)})", number(columns.value), *keys])
    frame = step.tables.frame(
        f"SELECT {selected} FROM {table.name} WHERE {columns.time.value} IS NOT NULL ORDER BY rowid"
    )
    frame.columns = pd.Index(["time", "value", *range(2 * len(columns.identifiers))])
    groups = [frame]
    if columns.identifiers:
        same = list(range(1, 2 * len(columns.identifiers), 2))
        groups = [group for _, group in frame.groupby(same, sort=False, dropna=False)]
    found = (_series(group, len(columns.identifiers), fill, most_missing) for group in groups if len(group))
    return [series for series in found if series is not None]


def _series(group: pd.DataFrame, identifiers: int, fill: str, most_missing: float) -> Series | None:
    first = group.iloc[0]
    texts = (first[2 * nth] for nth in range(identifiers))
    group = group.sort_values("time", kind="stable")
    values = group["value"].astype("float64")
    if values.isna().mean() > most_missing:
        return None
    series = Series(
        tuple(None if pd.isna(text) else str(text) for text in texts),
        pd.DatetimeIndex(pd.to_datetime(group["time"].to_numpy(), unit="us")),
        np.asarray(_filled(values, fill), dtype=float),
    )
    twice = series.times[series.times.duplicated()]
    if len(twice):
        raise FlowError(
            f"{series.title} has the time {twice[0].isoformat()} in several rows; name what tells them apart in "
            "identifier_columns, or aggregate them before"
        )
    known = np.isfinite(series.values)
    if known.sum() < _FEWEST:
        raise FlowError(f"{series.title} has {known.sum()} values; a forecast needs two")
    return Series(series.identifiers, series.times[known], series.values[known])


def _filled(values: pd.Series, fill: str) -> pd.Series:
    """Fill missing values. What stays missing, as before the first known one, is left out later."""
    match fill:
        case "mean":
            return values.fillna(values.mean())
        case "linear":
            return values.interpolate()
        case "zero":
            return values.fillna(0.0)
        case _:
            return values.ffill()


def forecasts_table(
    step: Step,
    table: Table,
    columns: SeriesColumns,
    forecasts: Iterable[tuple[Series, pd.DatetimeIndex, Numbers]],
) -> Table:
    """Return the forecasts as a table: identifiers, time, and `predicted_<value column>`."""
    rows: list[Sequence[Any]] = [
        (*series.identifiers, time, value)
        for series, times, values in forecasts
        for time, value in zip(times.as_unit("us").asi8, values, strict=True)
    ]
    names = [f"v{nth}" for nth in range(len(columns.identifiers) + 2)]
    frame = pd.DataFrame(rows, columns=pd.Index(names))
    frame = frame.astype(dict.fromkeys(names[:-2], object) | {names[-2]: "int64", names[-1]: "float64"})
    step.tables.register("forecasts", frame.assign(nth=range(len(frame))))
    only_dates = step.tables.first_row(
        f"SELECT bool_and({is_date(columns.time)}) FROM {table.name} WHERE {columns.time.value} IS NOT NULL"
    )
    as_time = time_text(f"make_timestamp({names[-2]})", "true" if only_dates == (True,) else "false")
    keys = "".join(f"CAST({name} AS VARCHAR), " for name in names[:-2])
    name = f"predicted_{columns.value.name}"
    made = step.tables.create(
        f"SELECT {keys}{as_time}, {number_text(names[-1])} FROM forecasts ORDER BY nth",
        [*columns.identifiers, columns.time.as_type("TIME", {}), Column(name, "", "NUMERIC")],
    )
    return as_numbers(step.tables, made, [name])
