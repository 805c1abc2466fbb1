"""Find Replace: replaces a text wherever it occurs."""

from __future__ import annotations

from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table


def run(step: Step) -> Table:
    """Replace the text in the values of the target columns, or of all; their types are inferred again.

    The text is taken literally, with its case. Missing values stay missing.
    """
    targets = step.table.select(step.arguments["target_columns"] or step.table.column_names)
    values = [f"replace({column.key}, ?, ?)" if column in targets else column.key for column in step.table.columns]
    parameters = [step.arguments["find"], step.arguments["replace"] or ""] * len(targets)
    table = step.tables.create(f"SELECT {', '.join(values)} FROM {step.table.name}", step.table.columns, parameters)
    return step.tables.infer(table, [column.name for column in targets])
