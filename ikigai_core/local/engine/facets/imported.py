"""Imported: reads a dataset into the flow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ikigai_core.local.engine.columns import Column, column_keys
from ikigai_core.local.engine.csv_files import check_header, read_first_row
from ikigai_core.local.engine.deferral import read_later
from ikigai_core.local.engine.errors import FlowError
from ikigai_core.local.engine.script import run_script
from ikigai_core.local.engine.step import Dataset, Input, Step
from ikigai_core.local.engine.tables import Table, Tables
from ikigai_core.local.engine.typed import first_unreadable, read_as, with_column
from ikigai_core.local.engine.wide_files import WIDE

LARGE_BYTES = 8 << 20
"""From that size on, a dataset is read while the facets after it compute."""


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
    table = _read(step.tables, dataset, arguments)
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
    if set(dataset.data_types) != set(wanted):
        return tables.infer(tables.read(dataset.path, wanted, skip))
    columns = [
        _as_described(Column(name, key), dataset.data_types[name])
        for name, key in zip(wanted, column_keys(len(wanted)), strict=True)
    ]
    is_plain = skip == 1 and not arguments["script"] and not arguments["data_types"]
    if is_plain and 1 < len(columns) < WIDE and dataset.path.stat().st_size >= LARGE_BYTES:
        later = read_later(tables, dataset.path, columns)
        if later is not None:
            return later
    return Table(tables.read(dataset.path, wanted, skip).name, tuple(columns))


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
