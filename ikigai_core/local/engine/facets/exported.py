"""Exported: writes a table as a dataset."""

from __future__ import annotations

from pathlib import Path

import duckdb

from ikigai_core.local.engine.deferral import stored
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Output, Step
from ikigai_core.local.engine.tables import Table, Tables

TAKES_DEFERRED = True


def run(step: Step) -> None:
    """Write the table to a CSV file in the job's `outputs` folder."""
    arguments, workspace = step.arguments, step.workspace
    if arguments["file_type"] not in ("", "csv"):
        raise FlowError("the local platform stores datasets as CSV; set file_type to csv")
    if arguments["dataset_name"] in {output.dataset_name for output in workspace.outputs}:
        raise FlowError(
            f"another facet of the flow writes the dataset '{arguments['dataset_name']}', too; "
            "give each a dataset_name of its own"
        )
    folder = workspace.folder / "outputs"
    folder.mkdir(exist_ok=True)
    path = folder / f"{len(workspace.outputs)}.csv"
    rows = _write(step.tables, step.table, path, header=arguments["header"])
    workspace.outputs.append(
        Output(
            facet_id=step.facet.facet_id,
            dataset_name=arguments["dataset_name"],
            directory=arguments["directory"] or "",
            path=path,
            file_type="csv",
            header=arguments["header"],
            columns={column.name: column.describe() for column in step.table.columns},
            rows=rows,
        )
    )


def _write(tables: Tables, table: Table, path: Path, *, header: bool) -> int:
    """Write the table to a CSV file, while its rows are computed; return their number."""
    deferred = table.deferred
    if deferred is not None and deferred.stored is None:
        rows = f"({deferred.in_order([column.key for column in table.columns])})"
        try:
            with tables.counting(deferred):
                return tables.write(table, path, header=header, source=rows)
        except duckdb.Error:
            # The file that it comes from is unusual; storing it can read it.
            pass
    return tables.write(stored(tables, table), path, header=header)
