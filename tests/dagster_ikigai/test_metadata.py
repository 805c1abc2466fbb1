"""What is learnt of a dataset by reading it."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

import pytest

from dagster_ikigai.metadata import Profile, column_schema
from ikigai_core import ColumnDataType, DatasetDataType


@pytest.mark.parametrize(
    ("content", "row_count", "preview", "nulls"),
    [
        ("a,b\n1,\n02,NA\n3,x\n", 3, [{"a": "1", "b": ""}, {"a": "02", "b": "NA"}], {"a": 0, "b": 1}),
        ('a\n"two\nlines"\n', 1, [{"a": "two\nlines"}], {"a": 0}),
        ("a\n" + 300 * "x" + "\n", 1, [{"a": 200 * "x" + "…"}], {"a": 0}),
        ("a,b\n", 0, [], {"a": 0, "b": 0}),
        ("", 0, [], {}),
        ("a,b\n1,2\n1,2,3,4\n", None, [], {}),
    ],
    ids=["as it is written", "quoted", "long", "no rows", "nothing", "no table"],
)
def test_a_file_is_counted_and_previewed(
    tmp_path: Path, content: str, row_count: int | None, preview: list[dict[str, str]], nulls: dict[str, int]
) -> None:
    path = tmp_path / "data.csv"
    path.write_text(content)
    profile = Profile.of_csv(path, preview_rows=2)
    assert profile == Profile(row_count, preview, sha256(content.encode()).hexdigest(), nulls)


def test_columns_keep_their_types_and_formats() -> None:
    schema = column_schema(
        {
            "n": ColumnDataType(data_type=DatasetDataType.NUMERIC, data_formats={"numeric_format": "INTEGER"}),
            "t": ColumnDataType(data_type=DatasetDataType.TEXT),
        }
    )
    described = [(column.name, column.type, column.description) for column in schema.columns]
    assert described == [("n", "NUMERIC", "numeric_format: INTEGER"), ("t", "TEXT", None)]
