"""Sample: some of the rows, by chance."""

from __future__ import annotations

import secrets

from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table


def run(step: Step) -> Table:
    """Keep `sample_size` rows, or that share of them if it is between 0 and 1; the rows keep their order.

    The same seed takes the same rows of a table. Without one, each run takes others.
    """
    size, seed = step.arguments["sample_size"], step.arguments["seed"]
    if seed is not None and seed != int(seed):
        raise FlowError(f"seed is {seed}; give a whole number")
    count = round(size * step.tables.row_count(step.table)) if 0 < size < 1 else size
    if count < 0 or count != int(count):
        raise FlowError(f"sample_size is {size}; give a whole number of rows, or a share between 0 and 1")
    keys = ", ".join(column.key for column in step.table.columns)
    chance = secrets.randbits(62) if seed is None else int(seed)
    return step.tables.create(
        f"SELECT {keys} FROM {step.table.name} WHERE rowid IN (SELECT rowid FROM {step.table.name} "
        f"ORDER BY hash(rowid, CAST(? AS BIGINT)), rowid LIMIT {int(count)}) ORDER BY rowid",
        step.table.columns,
        [chance],
    )
