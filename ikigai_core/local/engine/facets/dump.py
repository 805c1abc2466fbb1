"""Dump: writes a table of a database."""

from __future__ import annotations

from ikigai_core.local.engine.connections import connection
from ikigai_core.local.engine.databases import write_table
from ikigai_core.local.engine.step import Step


def run(step: Step) -> None:
    """Write the table, which replaces one of its name; `database_name` is the name of a connection."""
    write_table(step, connection(step, step.arguments["database_name"]), step.arguments["table_name"])
