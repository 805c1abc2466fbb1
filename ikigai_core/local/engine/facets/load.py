"""Load: reads a table of a database."""

from __future__ import annotations

from ikigai_core.local.engine.connections import connection
from ikigai_core.local.engine.databases import read_table
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table


def run(step: Step) -> Table:
    """Return the table; `database_name` is the name of a connection."""
    return read_table(step, connection(step, step.arguments["database_name"]), step.arguments["table_name"])
