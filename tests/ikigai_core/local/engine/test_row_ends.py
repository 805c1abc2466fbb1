from __future__ import annotations

import csv
import io
import random
from collections.abc import Iterator

import pytest

from ikigai_core.local.engine.row_ends import RowEnds


def ends(*blocks: bytes) -> list[int]:
    rows = RowEnds()
    return [rows.last(block) for block in blocks]


@pytest.mark.parametrize(
    ("block", "end"),
    [
        (b"", 0),
        (b"a,b", 0),
        (b"a,b\n", 4),
        (b"a,b\n1,2\n3", 8),
        (b"a,b\r\n1,2", 5),
        (b'"a\n",b\n"\n', 7),
        (b'a\n"1""\n""2\n3', 2),
        (b'a\n"1""\n""2\n3"\n', 14),
        (b'\xef\xbb\xbf"a\n",b\n1', 10),
    ],
)
def test_a_row_ends_behind_a_line_feed_that_is_not_in_quotes(block: bytes, end: int) -> None:
    assert ends(block) == [end]


def test_a_quoted_value_goes_on_in_the_next_block() -> None:
    assert ends(b'a,b\n1,"', b"\n", b'""\n', b'"', b"\n", b"2,3\n") == [4, 0, 0, 0, 1, 4]


def test_after_a_quote_in_a_value_without_quotes_no_end_is_certain() -> None:
    assert ends(b'a,b\n1,5" pipe\n2,3\n', b"4,5\n", b'6,"\n7"\n') == [4, 0, 0]


def test_a_quote_at_the_start_of_a_block_is_judged_by_the_block_before() -> None:
    assert ends(b"a,b\n1,5", b'" pipe\n') == [4, 0]
    assert ends(b"a,b\n1,", b'" pipe"\n') == [4, 8]


def test_ends_are_those_that_a_csv_reader_finds() -> None:
    chance = random.Random(1)
    for _ in range(300):
        values = ["", "a", '"', "\n", '",\n"', ","]
        table = io.StringIO(newline="")
        writer = csv.writer(table, lineterminator="\n", quoting=chance.choice([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]))
        row_ends = {0}
        for _ in range(9):
            writer.writerow(chance.choices(values, k=2))
            row_ends.add(table.tell())
        data = table.getvalue().encode()

        found = set(_ends_in_random_blocks(data, chance))

        assert found <= row_ends
        assert max(found) == len(data)


def _ends_in_random_blocks(data: bytes, chance: random.Random) -> Iterator[int]:
    rows = RowEnds()
    begin = 0
    while begin < len(data):
        block = data[begin : begin + chance.randint(1, 9)]
        end = rows.last(block)
        if end:
            yield begin + end
        begin += len(block)
