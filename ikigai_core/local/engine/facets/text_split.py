"""Text Split: a column for each part of a text."""

from __future__ import annotations

from ikigai_core.local.engine.columns import Column
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table

_MOST_PARTS = 1_000


def run(step: Step) -> Table:
    """Add the columns `<target column>_1`, `_2` and so on, with the parts between the delimiters.

    There are as many as the longest text has parts; shorter ones leave the last ones missing. Types are inferred.
    """
    table, delimiter = step.table, step.arguments["delimiter"]
    column = table.column(step.arguments["target_column"])
    parts = f"string_split({column.key}, ?)"
    (most,) = step.tables.first_row(f"SELECT max(len({parts})) FROM {table.name}", [delimiter]) or (0,)
    most = most or 0
    if most > _MOST_PARTS:
        raise FlowError(
            f"a text of column '{column.name}' has {most:,} parts, and each would become a column; "
            f"at most {_MOST_PARTS:,} do"
        )
    keys = "".join(f"{other.key}, " for other in table.columns)
    values = "".join(f", parts[{number}]" for number in range(1, most + 1))
    names = [f"{column.name}_{number}" for number in range(1, most + 1)]
    split = step.tables.create(
        f"SELECT {keys[:-2]}{values} FROM (SELECT *, rowid AS nth, {parts} AS parts FROM {table.name}) ORDER BY nth",
        [*table.columns, *(Column(name, "") for name in names)],
        [delimiter],
    )
    return step.tables.infer(split, names)
