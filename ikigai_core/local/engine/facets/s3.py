"""S3: reads a file of a bucket, or writes one."""

from __future__ import annotations

from ikigai_core.local.engine.buckets import read_file, write_file
from ikigai_core.local.engine.connections import connection
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Step
from ikigai_core.local.engine.tables import Table


def run(step: Step) -> Table | None:
    """Return the table in the file, or write the input to it."""
    place = connection(step, step.arguments["connection_name"])
    file_type = step.arguments["file_type"] or "csv"
    if file_type == "xls":
        raise FlowError("the local platform does not know the old format xls; set file_type to xlsx or csv")
    path = f"{step.arguments['bucket']}/{step.arguments['key']}"
    if step.facet.chain_group == "OUTPUT":
        write_file(step, place, path, file_type)
        return None
    return read_file(step, place, path, file_type)
