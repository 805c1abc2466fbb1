"""Column Value: the values of a table of one row, in each row of another table."""

from __future__ import annotations

from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table


def run(step: Step) -> Table:
    """Add the columns of the right table to the left one, with the values of its only row; without one, missing."""
    left, right = step.sided("table_side", ("left", "right"))
    count = step.tables.row_count(right)
    if count > 1:
        raise FlowError(f"the right table has {count:,} rows, and its values go to each row; leave one, or use a Join")
    keys = [f"l.{column.key}" for column in left.columns] + [f"r.{column.key}" for column in right.columns]
    return step.tables.create(
        f"SELECT {', '.join(keys)} FROM (SELECT *, rowid AS nth FROM {left.name}) AS l LEFT JOIN {right.name} AS r "
        "ON true ORDER BY l.nth",
        [*left.columns, *right.columns],
    )
