"""What Dagster is told of a dataset."""

from __future__ import annotations

from dagster_ikigai.dataset_profile import column_schema
from ikigai_core import ColumnDataType, DatasetDataType


def test_columns_keep_their_types_and_formats() -> None:
    schema = column_schema(
        {
            "n": ColumnDataType(data_type=DatasetDataType.NUMERIC, data_formats={"numeric_format": "INTEGER"}),
            "t": ColumnDataType(data_type=DatasetDataType.TEXT),
        }
    )
    described = [(column.name, column.type, column.description) for column in schema.columns]
    assert described == [("n", "NUMERIC", "numeric_format: INTEGER"), ("t", "TEXT", None)]
