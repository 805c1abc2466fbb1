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


def test_two_facets_cannot_write_the_same_dataset(jobs: Any) -> None:
    source, one, two = jobs.imported("a\n1\n"), jobs.exported("one", "late"), jobs.exported("two", "late")

    ended = jobs.run([source, one, two], [jobs.arrow(source, one), jobs.arrow(source, two)])

    assert (ended.status, ended.facet_id) == ("FAILED", "two")
    assert "another facet of the flow writes the dataset 'late', too" in ended.message
