"""Features: columns of a table as models take them, and the column of their predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd

from ikigai_core.local.engine.columns import Column
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.supervised import Kind
from ikigai_core.local.engine.tables import Table


def feature_kinds(table: Table, target: Column) -> dict[str, Kind]:
    """Return the kinds of all columns beside the target.

    Raises
    ------
    FlowError
        There are none.
    """
    kinds: dict[str, Kind] = {column.name: _kind(column) for column in table.columns if column is not target}
    if not kinds:
        raise FlowError(f"there is no column beside '{target.name}' to learn from")
    return kinds


def target_values(step: Step, table: Table, target: Column) -> pd.Series:
    """Return the values of the column to learn; those of rows without one are missing.

    Raises
    ------
    FlowError
        There are fewer than two different ones.
    """
    values: pd.Series = features(step, table, {target.name: _kind(target)})[target.name]
    count = values.dropna().nunique()
    if count < 2:
        raise FlowError(f"column '{target.name}' has {count} different values; two are needed to learn")
    return values


def features(step: Step, table: Table, kinds: Mapping[str, Kind]) -> pd.DataFrame:
    """Return columns as floats or texts, in the kinds of the training; times as seconds since the epoch."""
    columns = [table.column(name) for name in kinds]
    values = (_value(column, kind) for column, kind in zip(columns, kinds.values(), strict=True))
    selected = ", ".join(f"{value} AS v{number}" for number, value in enumerate(values))
    frame = step.tables.frame(f"SELECT {selected} FROM {table.name} ORDER BY rowid")
    frame.columns = pd.Index(list(kinds))
    types = {name: float if kind == "number" else object for name, kind in kinds.items()}
    frame = frame.astype(types)
    texts = [name for name, kind in kinds.items() if kind == "text"]
    return frame.assign(**{name: frame[name].where(frame[name].notna(), None) for name in texts})


def with_predictions(step: Step, table: Table, target: str, target_type: str, predictions: Sequence[Any]) -> Table:
    """Return a table with `predicted_<target>` as its last column."""
    numbered = pd.DataFrame({"row": range(len(predictions)), "value": predictions})
    name = f"predicted_{target}"
    kept = [column for column in table.columns if column.name != name]
    as_text = "CAST(value AS VARCHAR)"
    if target_type == "TIME":
        as_text = "strftime(make_timestamp(CAST(round(value * 1000000) AS BIGINT)), '%Y-%m-%dT%H:%M:%SZ')"
    keys = "".join(f"{column.key}, " for column in kept)
    rows = f"SELECT *, row_number() OVER (ORDER BY rowid) - 1 AS number FROM {table.name}"
    step.tables.register("predictions", numbered)
    data_type: Any = target_type
    return step.tables.create(
        f"SELECT {keys}{as_text} FROM ({rows}) JOIN predictions ON row = number ORDER BY row",
        [*kept, Column(name, "", data_type)],
    )


def _kind(column: Column) -> Kind:
    return "number" if column.data_type in ("NUMERIC", "TIME") else "text"


def _value(column: Column, kind: Kind) -> str:
    if kind == "text":
        return column.key
    if column.data_type == "TIME":
        return f"epoch({column.value})"
    return f"TRY_CAST({column.key} AS DOUBLE)"
