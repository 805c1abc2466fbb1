"""HANA: reads from a database, or writes to it."""

from __future__ import annotations

from ikigai_core.local.engine.connections import connection
from ikigai_core.local.engine.databases import read_query, write_table
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table


def run(step: Step) -> Table | None:
    """Return what the query gives, or write the input as a table, which replaces one of its name."""
    place = connection(step, step.arguments["connection_name"])
    if step.facet.chain_group == "OUTPUT":
        write_table(step, place, step.arguments["table_name"])
        return None
    if not step.arguments["query"]:
        raise FlowError("it needs the argument 'query'; set it")
    return read_query(step, place, step.arguments["query"])
