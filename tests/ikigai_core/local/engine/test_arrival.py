from __future__ import annotations

import itertools
import random
from collections.abc import Iterator
from pathlib import Path

import pytest

from ikigai_core.local.engine.arrival import examine_arriving
from ikigai_core.local.engine.columns import Column
from ikigai_core.local.engine.examination import examine

VALUES = {
    "integer": ["1", "-20", "", "345"],
    "number": ["1.5", "2e-7", "", "NA", "-.5"],
    "time": ["2013-01-01", "2013-01-01 05:00:00", ""],
    "category": ["Germany", "Korea, South", 'the "best"', "Côte d'Ivoire"],
    "text": ["line\nfeed", '"\n"', '"', "東京", "a, b"],
    "awkward": ["\r\n", ",\n,", "\n"],
}


def table(chance: random.Random, rows: int) -> bytes:
    """A random table; some have an odd row, which breaks them, or a value that changes a type."""
    # A comma at the end of a line makes a file suspicious.
    last = chance.choice(["category", "text"])
    kinds = [*(chance.choice(list(VALUES)) for _ in range(chance.randint(1, 4))), last]
    line_end = chance.choice(["\n", "\n", "\n", "\r\n"])
    lines = [",".join(f"{kind} {number}" for number, kind in enumerate(kinds))]
    lines += [",".join(quoted(chance.choice(VALUES[kind])) for kind in kinds) for _ in range(rows)]
    for odd in ("x,y,z,u,v,w", '"open', " ", "late" + "," * (len(kinds) - 1), ",".join("1" for _ in kinds) + ","):
        if chance.random() < 0.03:
            lines.insert(chance.randint(1, len(lines)), odd)
    return (line_end.join(lines) + chance.choice(["", line_end])).encode()


def quoted(value: str) -> str:
    return f'"{value.replace(chr(34), chr(34) * 2)}"' if set(value) & set('",\n\r') else value


def arriving(path: Path, content: bytes, chance: random.Random) -> Iterator[int]:
    """Write the content up to one random place after the other, with some rows up to the first; say where that is."""
    # Between many places, rows pass in many pieces.
    count = chance.choice([chance.randint(0, 9), 200])
    cuts = sorted(chance.randint(len(content) // 3, len(content)) for _ in range(count))
    path.unlink(missing_ok=True)
    # What has not arrived is empty, or something else.
    path.write_bytes(chance.choice([b"", b"\0" * (len(content) + 1)]))
    with path.open("r+b") as file:
        for start, end in itertools.pairwise([0, *cuts, len(content)]):
            file.write(content[start:end])
            file.flush()
            yield end


def examined(folder: Path, content: bytes, chance: random.Random) -> list[Column] | None:
    path = folder / "arriving.csv"
    return examine_arriving(path, arriving(path, content, chance))


@pytest.mark.parametrize("seed", [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, 20))])
def test_a_verdict_on_arriving_parts_is_that_on_the_whole_file(tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    whole = tmp_path / "whole.csv"
    verdicts = 0
    for _ in range(16):
        content = table(chance, chance.choice([0, 3, 400, 6_000]))
        whole.write_bytes(content)

        columns = examined(tmp_path, content, chance)

        if columns is not None:
            verdicts += 1
            verdict = examine(whole)
            assert verdict.reason is None
            assert {column.name: column.describe() for column in columns} == verdict.columns
    assert verdicts > 3


def test_an_ordinary_table_gets_its_verdict_from_its_parts_alone(tmp_path: Path) -> None:
    rows = "".join(f'{number},"a\n{number}",{number / 7}\n' for number in range(50_000))
    content = f"id,note,share\n{rows}".encode()

    columns = examined(tmp_path, content, random.Random(1))

    assert columns is not None
    assert [column.data_type for column in columns] == ["NUMERIC", "TEXT", "NUMERIC"]


def test_missing_values_in_the_last_column_leave_the_verdict_to_the_parts(tmp_path: Path) -> None:
    rows = "".join(f'"a, {number}",{number / 7 if number % 3 else ""}\n' for number in range(50_000))

    columns = examined(tmp_path, f'"a, b",share\n{rows}'.encode(), random.Random(1))

    assert columns is not None
    assert [column.data_type for column in columns] == ["TEXT", "NUMERIC"]


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"only\n1\n",
        b"a,b\n1,2\n3\n",
        b"a,b\n" + b"1,2\n" * 300_000 + b"3,4,5\n",
        b"a,b\n" + b"1,2\n" * 300_000 + b"3,\xff\n",
        b"a,b\n" + b"1,2\n" * 300_000 + b"3,4,\n",
        b"a,b\n" + b"1,2\n" * 300_000 + b"3,,\n",
        b"a,b\n" + b"1,2\n" * 300_000 + b"3,late\n",
        b"a,b\n" + b"1,2.5\n" * 300_000 + b"3,007\n",
        b'a,b\n1, "x"\n',
    ],
)
def test_an_unusual_file_is_left_to_the_examination_of_the_whole(tmp_path: Path, content: bytes) -> None:
    assert examined(tmp_path, content, random.Random(2)) is None


def test_a_part_that_stays_away_leaves_no_verdict(tmp_path: Path) -> None:
    path = tmp_path / "arriving.csv"
    path.write_bytes(b"a,b\n1,2\n")

    def first_alone() -> Iterator[int]:
        yield 8
        raise TimeoutError

    assert examine_arriving(path, first_alone()) is None


def test_a_file_that_is_shorter_than_was_told_leaves_no_verdict(tmp_path: Path) -> None:
    path = tmp_path / "arriving.csv"
    path.write_bytes(b"a,b\n1,2\n")

    assert examine_arriving(path, [8, 16]) is None


def test_where_nothing_can_be_spliced_the_bytes_are_copied(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr("os.splice", raising=False)

    columns = examined(tmp_path, b"a,b\n" + b"1,x\n" * 1_000_000, random.Random(1))

    assert columns is not None
    assert [column.data_type for column in columns] == ["NUMERIC", "CATEGORICAL"]
