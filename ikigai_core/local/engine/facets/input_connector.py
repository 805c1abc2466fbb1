"""Input Connector: reads from the database of a connector."""

from __future__ import annotations

from ikigai_core.local.engine.connections import connection
from ikigai_core.local.engine.databases import read_query, read_table
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table


def run(step: Step) -> Table:
    """Return what the query gives, or else the connection's `table`; `connector_id` is the name of a connection."""
    place = connection(step, step.arguments["connector_id"])
    if step.arguments["query"]:
        return read_query(step, place, step.arguments["query"])
    return read_table(step, place, str(place.setting("table")))
