from __future__ import annotations

import csv
import io
import random
from pathlib import Path
from typing import Any

import pytest

from ikigai_core.local.engine.examination import examine

AWKWARD = (
    "id,zip,amount,note,when\n"
    '1,00501,1.50,"with, comma",2013-01-01T05:00:00Z\n'
    "2,,,semi;colon,\n"
    '9007199254740993,12345,1e5,"line\nfeed",2013-02-30\n'
    '-4,007,-0.0,"a ""quote""",\n'
    "5,NA,0.10,naïve 東京 🎈,n/a\n"
    '6,"", 7 , space around ,null\n'
)


def test_values_that_no_facet_changes_leave_as_they_came(jobs: Any) -> None:
    assert jobs.transform(AWKWARD).text() == AWKWARD


def test_line_endings_and_byte_order_mark_do_not_become_values(jobs: Any) -> None:
    windows = ("\ufeff" + AWKWARD.replace("\n", "\r\n")).encode()

    header, *rows = jobs.transform(windows).rows()

    assert header[0] == "id"
    assert [row[0] for row in rows] == ["1", "2", "9007199254740993", "-4", "5", "6"]
    assert rows[2][3] == "line\r\nfeed"


def test_mixed_line_endings(jobs: Any) -> None:
    assert jobs.transform('a,b\r\n1,2\n3,"x\ny"\r\n5,6').rows() == [["a", "b"], ["1", "2"], ["3", "x\ny"], ["5", "6"]]


def test_a_value_of_many_megabytes(jobs: Any) -> None:
    long = "x" * 6_000_000

    assert jobs.transform(f"a,b\n1,{long}\n2,y\n").rows() == [["a", "b"], ["1", long], ["2", "y"]]


def test_missing_values_of_a_single_column_are_rows(jobs: Any) -> None:
    ended = jobs.transform("a\nx\n\n\ny\n")

    assert ended.outputs[0]["rows"] == 4
    assert ended.rows() == [["a"], ["x"], [""], [""], ["y"]]
    assert jobs.transform(ended.text()).outputs[0]["rows"] == 4


def test_names_that_differ_only_in_case_or_mean_something_in_sql(jobs: Any) -> None:
    text = "a,A,rowid,select,\"with, comma\",'quoted'\n1,2,3,4,5,6\n"

    assert jobs.transform(text).text() == text


def test_a_table_without_rows(jobs: Any) -> None:
    ended = jobs.transform("a,b\n")

    assert (ended.status, ended.outputs[0]["rows"], ended.text()) == ("SUCCESS", 0, "a,b\n")
    assert jobs.transform("a\n").text() in ("a\n", '"a"\n')


@pytest.mark.parametrize("line_ending", ["\n", "\r\n", "\r", "mixed"])
def test_any_well_formed_file_is_read_as_the_csv_module_reads_it(jobs: Any, line_ending: str) -> None:
    chance = random.Random(line_ending)
    letters = ["a", "1", '"', ",", "\n", "\r", " ", ";", "'", "\\", "#", "é", "", "|", "-"]
    values = [["".join(chance.choices(letters, k=chance.randint(0, 4))) for _ in range(3)] for _ in range(400)]
    lines = []
    for row in [["x", "y", "z"], *values]:
        quoted = (f'"{value.replace(chr(34), chr(34) * 2)}"' if set(value) & set('",\n\r') else value for value in row)
        lines.append(",".join(quoted) + (chance.choice(["\n", "\r\n"]) if line_ending == "mixed" else line_ending))

    assert jobs.transform("".join(lines)).rows() == [["x", "y", "z"], *values]


def verdict(folder: Path, content: str | bytes) -> str | None:
    path = folder / "table.csv"
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return examine(path).reason


@pytest.mark.parametrize(
    "content",
    [
        "a,b\n1,2\n",
        "a,b",
        "\ufeffa,b\r\n1,2\r\n",
        'a,b\n"x\ny",2\n\n3,4\n',
        "a,b\n1,\n,2\n,\n",
        "a\n1\n\n2\n",
        AWKWARD,
        "é,東京\n1,2\n" * 1 + "3,4\n" * 100_000,
    ],
)
def test_good_tables_have_no_verdict_against_them(tmp_path: Path, content: str) -> None:
    assert verdict(tmp_path, content) is None


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "The file is empty"),
        ("\n1,2\n", "The first line is empty"),
        ("a,,c\n1,2,3\n", "Column 2 of 3 has no name"),
        ("a, ,c\n1,2,3\n", "Column 2 of 3 has no name"),
        ("a,b,a\n1,2,3\n", "Column name 'a' occurs 2 times"),
        ("a,b\n1,2\n3\n", "The row in line 3 has 1 value, but the header has 2 values"),
        ('a,b\n"x\ny",2\n1,2,3\n', "The row in line 4 has 3 values, but the header has 2 values"),
        ("a,b\n1,2\n3,4,\n", "The row in line 3 has 3 values, but the header has 2 values"),
        ("a,b\n1,2\n3,,,", "The row in line 3 has 4 values, but the header has 2 values"),
        ("a,b\n1,\n3,,\n", "The row in line 3 has 3 values, but the header has 2 values"),
        ('"a, b",c\n"1, 2",\n3,,\n"4, 5",\n', "The row in line 3 has 3 values, but the header has 2 values"),
        ('a,b\n1,2\n "x,y"\n3,4,5\n', "The row in line 4 has 3 values"),
        ("a;b\n1,5;2\n", "separated by commas"),
        ('a,b\n1,"open\n2,3\n', "not well-formed CSV"),
        ('a,b\n1,"x"y\n', "The row that ends in line 2 is not well-formed CSV"),
        ("a,b\n1,2\ncaf\xe9,4\n".encode("latin-1"), "Line 3 is not UTF-8 (byte 0xe9)"),
        (b"PK\x03\x04\x00\x00", "NUL byte"),
    ],
)
def test_a_file_that_is_no_table_gets_a_verdict_that_says_where_and_what_to_do(
    tmp_path: Path, content: str | bytes, reason: str
) -> None:
    said = verdict(tmp_path, content)

    assert said is not None
    assert reason in said


def test_a_bad_byte_far_into_a_big_file_is_found_in_its_line(tmp_path: Path) -> None:
    lines = ["a,b", *(f"{number},é" for number in range(300_000))]
    data = "\n".join(lines).encode()
    at = len("\n".join(lines[:250_000]).encode())

    said = verdict(tmp_path, data[:at] + b"\xff" + data[at:])

    assert said is not None
    assert said.startswith("Line 250000 is not UTF-8")


def test_rows_keep_their_order_through_every_facet_that_does_not_sort(jobs: Any) -> None:
    count = 300_000
    content = "n,half\n" + "".join(f"{number},{number // 2}\n" for number in range(count))

    ended = jobs.transform(
        content,
        jobs.facet("MID.FILTER", "f", column_name="n", condition="not_equals", value="7"),
        jobs.facet("MID.DEDUPLICATE", "d", target_columns=["half"], keep="last"),
        jobs.facet("MID.RENAME_COLUMNS", "r", columns=[{"old_name": "half", "new_name": "h"}]),
        jobs.facet("MID.SELECT", "s", target_columns=["h", "n"]),
        jobs.facet("MID.COPY", "c"),
        jobs.facet("MID.PYTHON", "p", script="result = data"),
    )

    rows = ended.rows()
    assert rows[0] == ["h", "n"]
    expected = [(str(h), str(6 if h == 3 else 2 * h + 1)) for h in range(count // 2)]
    assert [tuple(row) for row in rows[1:]] == expected


def wide(width: int) -> str:
    values = ["1.5", "", '""', '"a, b"', '"x ""q"" y"', '"line\nfeed"', "007", "#", "2013-01-01", "é"]
    rows = [[f'"n,{number}"' for number in range(width)], values * (width // len(values)), ["1"] * width]
    return "".join(",".join(row) + "\n" for row in rows)


def test_thousands_of_columns_go_through_a_flow_as_they_came(jobs: Any) -> None:
    content = wide(3_000)

    ended = jobs.transform(content)

    assert list(csv.reader(io.StringIO(ended.text()))) == list(csv.reader(io.StringIO(content)))
    assert ended.text().count('""') == content.count('""'), "empty texts are no missing values"


def test_a_script_gets_and_gives_hundreds_of_columns_in_their_order(jobs: Any) -> None:
    content = wide(600)

    ended = jobs.transform(
        content, jobs.facet("MID.PYTHON", "p", script="assert data.shape == (2, 600)\nresult = data")
    )

    header, *rows = csv.reader(io.StringIO(content))
    assert ended.rows()[0] == header
    assert [row[3::10] for row in ended.rows()[1:]] == [row[3::10] for row in rows]


def test_what_is_written_is_what_the_csv_module_would_read(jobs: Any) -> None:
    ended = jobs.transform(AWKWARD)

    assert ended.rows() == list(csv.reader(AWKWARD.splitlines(keepends=True), strict=True))
