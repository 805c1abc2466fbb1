"""Union: appends the rows of one table to another."""

from __future__ import annotations

from ikigai_core.local.engine.columns import Column
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table


def run(step: Step) -> Table:
    """Append the bottom table's rows to the top table's; match columns by name.

    With the option `full`, the result has all columns of both tables; with `intersection`, only common columns.
    """
    top, bottom = step.sided("table_side", ("top", "bottom"))
    tops = {column.name: column for column in top.columns}
    bottoms = {column.name: column for column in bottom.columns}
    if step.arguments["option"] == "intersection":
        names = [name for name in tops if name in bottoms]
        if not names:
            raise FlowError("the two tables have no column in common; use the option 'full', or rename columns")
    else:
        names = list(dict.fromkeys([*tops, *bottoms]))
    either = bottoms | tops
    merged = {name: either[name].merged_with(bottoms.get(name, either[name])) for name in names}
    union = step.tables.create(
        f"SELECT {_keys(tops, names)} FROM {top.name} UNION ALL SELECT {_keys(bottoms, names)} FROM {bottom.name}",
        [merged[name] or either[name] for name in names],
    )
    return step.tables.infer(union, [name for name in names if merged[name] is None])


def _keys(columns: dict[str, Column], names: list[str]) -> str:
    return ", ".join(columns[name].key if name in columns else "NULL" for name in names)
