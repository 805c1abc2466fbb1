"""Imported: reads a dataset into the flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ikigai_core.local.engine.columns import Column
from ikigai_core.local.engine.csv_files import check_header, read_first_row
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.script import run_script
from ikigai_core.local.engine.step import Dataset, Input, Step
from ikigai_core.local.engine.tables import Table, Tables
from ikigai_core.local.engine.typed import first_unreadable, read_as, with_column


def run(step: Step) -> Table:
    """Read the dataset's CSV file, with the types from the facet's arguments or from the dataset."""
    arguments = step.arguments
    dataset = step.workspace.datasets.get(arguments["dataset_id"])
    if dataset is None:
        raise FlowError(
            f"the app has no dataset '{arguments['dataset_id']}' with data; "
            "set dataset_id to the id of one of its datasets, or upload data to this one"
        )
    if arguments["file_type"] not in (None, "", "csv"):
        raise FlowError(f"dataset '{dataset.name}' is stored as CSV; set file_type to csv")
    if arguments["sheet_name"]:
        raise FlowError("sheet_name is for Excel files, and datasets are CSV; leave it out")
    table = _typed(step.tables, _read(step.tables, dataset, arguments), dataset)
    table = _with_data_types(step.tables, table, arguments["data_types"] or [])
    if not arguments["script"]:
        return table
    return run_script(step.workspace, arguments["script"], arguments["libraries"] or [], (Input(table, {}),)) or table


def _read(tables: Tables, dataset: Dataset, arguments: Mapping[str, Any]) -> Table:
    header_row = arguments["header_row_number"]
    if header_row is not None and (header_row != int(header_row) or header_row < 1):
        raise FlowError(f"header_row_number is {header_row}; rows are counted from 1")
    before_header = int(header_row or 1) - 1
    first_row = read_first_row(dataset.path, before_header)
    if not first_row:
        raise FlowError(f"dataset '{dataset.name}' has no data; upload a CSV file to it")
    skip = before_header + 1 if arguments["header"] else before_header
    names = first_row if arguments["header"] else [f"column_{number}" for number in range(1, len(first_row) + 1)]
    wanted = arguments["column_names"] or names
    if len(wanted) != len(names):
        raise FlowError(f"column_names has {len(wanted)} names, but dataset '{dataset.name}' has {len(names)} columns")
    problem = check_header(wanted)
    if problem:
        raise FlowError(f"dataset '{dataset.name}': {problem}")
    return tables.read(dataset.path, wanted, skip)


def _typed(tables: Tables, table: Table, dataset: Dataset) -> Table:
    known = dataset.data_types
    if set(known) != set(table.column_names):
        return tables.infer(table)
    return Table(table.name, tuple(_as_described(column, known[column.name]) for column in table.columns))


def _as_described(column: Column, described: Mapping[str, Any]) -> Column:
    return column.as_type(described.get("data_type", "TEXT"), dict(described.get("data_formats") or {}))


def _with_data_types(tables: Tables, table: Table, data_types: list[dict[str, Any]]) -> Table:
    for entry in data_types:
        formats = {item["key"]: item["value"] for item in entry["data_formats"] or []}
        retyped = read_as(tables, table, table.column(entry["column_name"]), entry["data_type"], formats)
        unreadable = first_unreadable(tables, table, retyped)
        if unreadable is not None:
            hint = " or give its time_format in data_formats" if retyped.data_type == "TIME" else ""
            raise FlowError(
                f"data_types says that column '{retyped.name}' is {retyped.data_type}, but it holds '{unreadable}'; "
                f"say TEXT{hint}, or correct the dataset"
            )
        table = with_column(table, retyped)
    return table
