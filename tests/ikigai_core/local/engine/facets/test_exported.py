from __future__ import annotations

from typing import Any


def test_only_csv_is_written(jobs: Any) -> None:
    ended = jobs.run([jobs.imported("a\n1\n"), jobs.exported("out", file_type="xlsx")])

    assert (ended.status, ended.facet_id) == ("FAILED", "out")
    assert ended.message == "Exported 'out': the local platform stores datasets as CSV; set file_type to csv"


def test_columns_and_rows_are_told(jobs: Any) -> None:
    output = jobs.transform("n,x,kind\n1,1.5,a\n2,2.5,a\n").outputs[0]

    assert output["rows"] == 2
    assert output["columns"] == {
        "n": {"data_type": "NUMERIC", "data_formats": {"numeric_format": "INTEGER"}},
        "x": {"data_type": "NUMERIC", "data_formats": {}},
        "kind": {"data_type": "CATEGORICAL", "data_formats": {}},
    }
