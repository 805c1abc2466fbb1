from __future__ import annotations

import time
from itertools import zip_longest
from pathlib import Path
from typing import Any

import pytest

from ikigai_core.local.engine.arrival import examine_arriving
from ikigai_core.local.engine.examination import examine

INTEGER = {"data_type": "NUMERIC", "data_formats": {"numeric_format": "INTEGER"}}
NUMBER = {"data_type": "NUMERIC", "data_formats": {}}
TEXT = {"data_type": "TEXT", "data_formats": {}}
CATEGORICAL = {"data_type": "CATEGORICAL", "data_formats": {}}
TIME = {"data_type": "TIME", "data_formats": {}}


def inferred(folder: Path, values: list[str]) -> dict[str, Any]:
    path = folder / "table.csv"
    path.write_text("before,column\n" + "".join(f"x,{value}\n" for value in values), encoding="utf-8")
    return examine(path).columns["column"]


CASES: list[tuple[list[str], dict[str, Any]]] = [
    (["1", "-2", "30"], INTEGER),
    (["1", "", "2"], INTEGER),
    (["1", "NA", "2"], INTEGER),
    (["1", '""', "2"], INTEGER),
    (["1", "2.5"], NUMBER),
    (["1e5", "-.5", "3."], NUMBER),
    (["1.5", "inf", "-inf"], NUMBER),
    (["007", "8"], TEXT),
    (["+491234", "1"], TEXT),
    (["12345678901234567890", "1"], TEXT),
    (["1,5".replace(",", ";"), "2"], TEXT),
    (["0x1F", "1_000"], TEXT),
    (["2013-01-01", "2013-12-31"], TIME),
    (["2013-01-01 05:00", "2013-01-01T05:00:00.25+02:00", "", "2013-01-01T05:00:00Z"], TIME),
    (["2013-01-01 05:00 UTC", "2013-01-01 05:00:00 UTC"], TIME),
    (["2013-01-01 05:00 +02:00", "2013-01-01 05:00 +01:00"], TEXT),
    (["2013-02-30", "2013-01-01"], TEXT),
    (["20130101", "20130102"], INTEGER),
    (["01/02/2013", "02/02/2013"], TEXT),
    (["a", "b", "c"], TEXT),
    (["AA", "UA", "AA", "UA"], CATEGORICAL),
    (["NA", "US", "NA", "US"], CATEGORICAL),
    (["", ""], TEXT),
    (["NA", "null"], TEXT),
    ([], TEXT),
    ([*map(str, range(20_000)), "x"], TEXT),
    ([*map(str, range(20_000)), "0.5"], NUMBER),
]


@pytest.mark.parametrize(("values", "expected"), CASES)
def test_types_are_told_from_values(tmp_path: Path, values: list[str], expected: dict[str, Any]) -> None:
    assert inferred(tmp_path, values) == expected


LATE_CASES = [
    ("007", TEXT),
    ("-01.5", TEXT),
    ("+1", TEXT),
    ("1_000", TEXT),
    ("1_0.5", TEXT),
    (" 1", TEXT),
    ("1.5 ", TEXT),
    ("\t1", TEXT),
    ('" 1"', TEXT),
    ('"007"', TEXT),
    ("12345678901234567890", TEXT),
    ("infinity", TEXT),
    ("-nan", TEXT),
    ("0x1F", TEXT),
    ("x", TEXT),
    ("nan", NUMBER),
    ("NA", NUMBER),
    ("", NUMBER),
    ('""', NUMBER),
    ('"1"', NUMBER),
    ("-inf", NUMBER),
    ("1e300", NUMBER),
    ("0", NUMBER),
    ("-0.5e-7", NUMBER),
    ("123456789012345678", NUMBER),
]


@pytest.mark.parametrize(("value", "expected"), LATE_CASES)
def test_what_only_looks_like_a_number_is_none_however_late_it_comes(
    tmp_path: Path, value: str, expected: dict[str, Any]
) -> None:
    path = tmp_path / "table.csv"
    # The kind of the columns is guessed from the first rows, and from about the first megabyte.
    path.write_text("before,column,after\n" + f"{'x' * 170},-1.5,2\n" * 7_000 + f"x,{value},2", encoding="utf-8")

    # Numbers have few different values here, so that text is CATEGORICAL.
    kind = CATEGORICAL if expected is TEXT else expected
    assert examine(path).columns == {"before": CATEGORICAL, "column": kind, "after": INTEGER}
    columns = examine_arriving(path, [path.stat().st_size])
    assert columns is None or columns[1].describe() == kind


def test_an_odd_number_in_one_column_does_not_hide_that_of_another(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("a,b,c\n" + f"{'x' * 170},-1.5,-1.5\n" * 7_000 + "x,+1,-inf\n", encoding="utf-8")

    assert examine(path).columns == {"a": CATEGORICAL, "b": CATEGORICAL, "c": NUMBER}


def test_types_are_the_same_among_very_many_columns(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    columns = [values for values, _ in CASES] + [["x"]] * 80
    rows = ("".join(f"{value}," for value in row) for row in zip_longest(*columns, fillvalue=""))
    names = "".join(f"column {number}," for number in range(len(columns)))
    path.write_text("\n".join(f"{row}x" for row in (names, *rows)), encoding="utf-8")

    found = list(examine(path).columns.values())

    assert found[: len(CASES)] == [expected for _, expected in CASES]


def test_ten_thousand_columns_take_no_longer_than_as_many_values_in_few(tmp_path: Path) -> None:
    path = tmp_path / "wide.csv"
    rows = [[f"n{number}" for number in range(10_000)], list(map(str, range(10_000))), ["2.5"] * 10_000]
    path.write_text("\n".join(map(",".join, rows)), encoding="utf-8")

    begun = time.process_time()
    columns = examine(path).columns

    # About half a second. It was hours while the time grew with the square of the columns.
    assert time.process_time() - begun < 10
    assert set(map(str, columns.values())) == {str(NUMBER)}


def test_columns_come_in_the_files_order_under_their_own_names(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    path.write_text("b,B,a b\n1,x,2.5\n", encoding="utf-8")

    assert list(examine(path).columns.items()) == [("b", INTEGER), ("B", TEXT), ("a b", NUMBER)]


def test_a_product_table_has_the_types_that_people_expect(tmp_path: Path) -> None:
    path = tmp_path / "cookies.csv"
    rows = ["Chocolate Chip,Chocolate_C123_Am,Amazon,166", "Ginger,Ginger_C123_Am,Amazon,271"]
    path.write_text("Product,SKU,Channel,Quantity\n" + "\n".join(rows), encoding="utf-8")

    kinds = {name: column["data_type"] for name, column in examine(path).columns.items()}

    assert kinds == {"Product": "TEXT", "SKU": "TEXT", "Channel": "CATEGORICAL", "Quantity": "NUMERIC"}


@pytest.mark.parametrize("content", [b"only", b"only\n", b"\xef\xbb\xbfonly"])
def test_a_header_alone_has_text_columns_with_or_without_a_line_end(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "header.csv"
    path.write_bytes(content)

    assert examine(path).columns == {"only": {"data_type": "TEXT", "data_formats": {}}}
