"""Exported: writes a table as a dataset."""

from __future__ import annotations

from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.step import Output, Step


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
    step.tables.write(step.table, path, header=arguments["header"])
    workspace.outputs.append(
        Output(
            facet_id=step.facet.facet_id,
            dataset_name=arguments["dataset_name"],
            directory=arguments["directory"] or "",
            path=path,
            file_type="csv",
            header=arguments["header"],
            columns={column.name: column.describe() for column in step.table.columns},
            rows=step.tables.row_count(step.table),
        )
    )
