"""Free Form SQL: a query on the table."""

from __future__ import annotations

from ikigai_core.local.engine.confined_sql import run_query
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table


def run(step: Step) -> Table:
    """Run a SELECT in DuckDB's dialect; the input is called `data`. It can read nothing else."""
    return run_query(step, step.arguments["query"])
