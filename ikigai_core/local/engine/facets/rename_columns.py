"""Rename Columns: gives some columns other names."""

from __future__ import annotations

from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table

TAKES_DEFERRED = True


def run(step: Step) -> Table:
    """Rename all columns at once; two columns can swap names."""
    renamings = step.arguments["columns"]
    step.table.select(renaming["old_name"] for renaming in renamings)
    names = {renaming["old_name"]: renaming["new_name"] for renaming in renamings}
    columns = [column.called(names.get(column.name, column.name)) for column in step.table.columns]
    try:
        return step.table.with_columns(columns)
    except FlowError as error:
        raise FlowError(f"after renaming, {error.message}") from None
