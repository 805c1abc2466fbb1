from __future__ import annotations

from typing import Any

import pytest


def imported(jobs: Any, content: str, **arguments: Any) -> Any:
    return jobs.run([jobs.imported(content, "source", **arguments), jobs.exported()])


def test_a_dataset_that_is_not_there(jobs: Any) -> None:
    ended = jobs.run([jobs.facet("INPUT.IMPORTED", "source", dataset_id="gone"), jobs.exported()])

    assert (ended.status, ended.facet_id) == ("FAILED", "source")
    assert "the app has no dataset 'gone' with data" in ended.message


def test_the_datasets_own_types_hold(jobs: Any) -> None:
    content = "zip,n\n12345,1\n90210,2\n"
    types = {"zip": {"data_type": "TEXT", "data_formats": {}}, "n": {"data_type": "NUMERIC", "data_formats": {}}}
    source = jobs.facet("INPUT.IMPORTED", "source", dataset_id=jobs.dataset(content, types))

    assert jobs.run([source, jobs.exported()]).types() == {"zip": "TEXT", "n": "NUMERIC"}


def test_types_of_other_columns_than_the_files_are_not_believed(jobs: Any) -> None:
    types = {"old": {"data_type": "TEXT", "data_formats": {}}}
    source = jobs.facet("INPUT.IMPORTED", "source", dataset_id=jobs.dataset("n\n1\n", types))

    assert jobs.run([source, jobs.exported()]).types() == {"n": "NUMERIC"}


def test_data_types_say_how_a_column_is_read(jobs: Any) -> None:
    data_types = [
        {"column_name": "zip", "data_type": "TEXT"},
        {"column_name": "day", "data_type": "TIME", "data_formats": [{"key": "time_format", "value": "%d.%m.%Y"}]},
    ]
    facets = [
        jobs.imported("zip,day\n9,01.03.2013\n10,02.02.2013\n", "source", data_types=data_types),
        jobs.facet("MID.SORT", "by_day", target_columns=["day"]),
        jobs.exported(),
    ]

    ended = jobs.run(facets)

    assert ended.types() == {"zip": "TEXT", "day": "TIME"}
    assert ended.rows() == [["zip", "day"], ["10", "02.02.2013"], ["9", "01.03.2013"]]


def test_fractions_are_not_rounded_whatever_the_data_types_say(jobs: Any) -> None:
    formats = [{"key": "numeric_format", "value": "INTEGER"}]
    data_types = [{"column_name": "n", "data_type": "NUMERIC", "data_formats": formats}]
    facets = [
        jobs.imported("n\n1.4\n1.6\n", "source", data_types=data_types),
        jobs.facet("MID.FILTER", column_name="n", condition="greater_than", value="1.5"),
        jobs.exported(),
    ]

    assert jobs.run(facets).rows() == [["n"], ["1.6"]]


def test_data_types_that_the_values_do_not_bear(jobs: Any) -> None:
    ended = imported(jobs, "n\n1\nx\n", data_types=[{"column_name": "n", "data_type": "NUMERIC"}])

    assert (ended.status, ended.facet_id) == ("FAILED", "source")
    assert "column 'n' is NUMERIC, but it holds 'x'" in ended.message


def test_a_file_without_a_header(jobs: Any) -> None:
    assert imported(jobs, "1,x\n2,y\n", header=False).rows() == [["column_1", "column_2"], ["1", "x"], ["2", "y"]]


def test_column_names_stand_in_for_the_header(jobs: Any) -> None:
    assert imported(jobs, "a,b\n1,2\n", column_names=["x", "y"]).rows() == [["x", "y"], ["1", "2"]]
    assert imported(jobs, "1,2\n", header=False, column_names=["x", "y"]).rows() == [["x", "y"], ["1", "2"]]


def test_a_header_further_down(jobs: Any) -> None:
    content = '"a note\nof two lines",\nmore,\na,b\n1,2\n'

    assert imported(jobs, content, header_row_number=3).rows() == [["a", "b"], ["1", "2"]]


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        ({"column_names": ["x"]}, "column_names has 1 names, but dataset 'dataset-0' has 2 columns"),
        ({"column_names": ["x", "x"]}, "'x' occurs 2 times"),
        ({"header_row_number": 0}, "rows are counted from 1"),
        ({"header_row_number": 9}, "has no data"),
        ({"file_type": "xlsx"}, "set file_type to csv"),
        ({"sheet_name": "one"}, "sheet_name is for Excel files"),
        ({"data_types": [{"column_name": "c", "data_type": "TEXT"}]}, "there is no column 'c'"),
    ],
)
def test_arguments_that_do_not_fit_the_dataset(jobs: Any, arguments: dict[str, Any], reason: str) -> None:
    ended = imported(jobs, "a,b\n1,2\n", **arguments)

    assert (ended.status, ended.facet_id) == ("FAILED", "source")
    assert reason in ended.message


def test_a_script_works_on_what_comes_in(jobs: Any) -> None:
    assert imported(jobs, "a\n1\n", script="result = data + 1").rows() == [["a"], ["2"]]
