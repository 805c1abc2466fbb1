"""Output Connector: writes to the database of a connector."""

from __future__ import annotations

from ikigai_core.local.engine.connections import connection
from ikigai_core.local.engine.databases import write_table
from ikigai_core.local.engine.step import Step


def run(step: Step) -> None:
    """Write the connection's `table`, which replaces one of its name; `connector_id` is the name of a connection."""
    place = connection(step, step.arguments["connector_id"])
    write_table(step, place, str(place.setting("table")))
