from __future__ import annotations

import contextlib
import fcntl
import sys
import termios
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, BinaryIO

import pytest

from ikigai_core.local.engine.row_pipes import RowPipes
from ikigai_core.local.engine.suspicion import Suspect

HEADER = b"id,note\n"
ROWS = [f'{number},"a\n{number}"\n'.encode() for number in range(200_000)]


@pytest.fixture
def table(tmp_path: Path) -> Path:
    path = tmp_path / "table.csv"
    path.write_bytes(HEADER + b"".join(ROWS))
    return path


def passed(pipes: RowPipes, readers: int) -> list[bytes]:
    """What passes through each of the pipes, read by so many threads."""
    with ThreadPoolExecutor(readers) as pool:
        reading = pool.map(Path.read_bytes, pipes.paths)
        pipes.feed(Suspect(numbers=True))
        return list(reading)


def rows(texts: list[bytes]) -> list[bytes]:
    """The rows in these texts, each of which has to begin with the header."""
    assert all(text.startswith(HEADER) for text in texts)
    lines = b"".join(text.removeprefix(HEADER) for text in texts)
    return [line + b'"\n' for line in lines.removesuffix(b'"\n').split(b'"\n')]


# One core reads one pipe after the other.
@pytest.mark.parametrize("readers", [2, 1])
def test_each_row_passes_through_one_pipe_and_the_header_through_each(table: Path, readers: int) -> None:
    size = table.stat().st_size
    with RowPipes(table, len(HEADER), [100, size // 2, size]) as pipes:
        texts = passed(pipes, readers)

    assert len(texts) == 2
    assert sorted(rows(texts)) == sorted(ROWS)
    assert pipes.commas == 1 + len(ROWS)


def test_what_one_pipe_cannot_hold_passes_through_the_other(table: Path, until: Callable[..., Any]) -> None:
    with RowPipes(table, len(HEADER), [table.stat().st_size]) as pipes, contextlib.ExitStack() as stack:
        files = [stack.enter_context(path.open("rb")) for path in pipes.paths]
        pipes.feed(Suspect(numbers=True))

        until(lambda: all(held(file) > len(HEADER) for file in files))


def held(pipe: BinaryIO) -> int:
    """How many bytes wait in a pipe."""
    return int.from_bytes(fcntl.ioctl(pipe, termios.FIONREAD, bytes(4)), sys.byteorder)


def test_rows_after_a_stray_quote_pass_in_one_piece(tmp_path: Path) -> None:
    path = tmp_path / "table.csv"
    rest = b'1,5" pipe\n' + b'2,"\nx"\n' * 100_000
    path.write_bytes(HEADER + b"0,y\n" + rest)

    with RowPipes(path, len(HEADER), [path.stat().st_size]) as pipes:
        texts = passed(pipes, 2)

    assert any(text.endswith(rest) for text in texts)


def test_what_is_read_ends_where_the_rest_stays_away(table: Path) -> None:
    def first_half() -> Iterator[int]:
        yield table.stat().st_size // 2
        raise TimeoutError

    with RowPipes(table, len(HEADER), first_half()) as pipes:
        texts = passed(pipes, 2)

    assert set(rows(texts)) < set(ROWS)
    assert pipes.commas is None


def test_pipes_that_nobody_reads_can_be_left(table: Path) -> None:
    with RowPipes(table, len(HEADER), [table.stat().st_size]) as pipes:
        pipes.feed(Suspect(numbers=True))

    assert pipes.commas is None
