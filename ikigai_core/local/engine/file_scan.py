"""Inference of the column types of a CSV file by little reading: of its first rows, and once of all of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from ikigai_core.local.engine.columns import MISSING_MARKS_SQL, Column, column_keys
from ikigai_core.local.engine.csv_files import scan
from ikigai_core.local.engine.inference import (
    EVERYTHING,
    SAMPLE_ROWS,
    Questions,
    Seen,
    expressions_for,
    infer,
    read_answers,
)

_NUMBER: Questions = frozenset({"number"})

# Beyond that, text without a decimal point has more than 18 digits. NaN is beyond all numbers.
_IS_ODD_NUMBER = "abs({key}) > 1e17"


# DuckDB fills a buffer before it reads rows. With its large ones, pipes would not end at about the same time.
_PIPE_BUFFER_BYTES = 4 << 20


class SurpriseError(Exception):
    """The first rows of a file that can be read only once have misled."""


class FileScan:
    """An ordinary CSV file with a header, which DuckDB reads.

    Parameters
    ----------
    connection
        A DuckDB session.
    path
        The file, or pipes that pass it: each its header, and some of its other rows.
    names
        The names of its columns.
    head
        A file with the first rows, if `path` can be read only once. Default: `path` can be read again.
    reads_numbers
        Returns whether columns of numbers are read as such; called when the first rows have been read. That is much
        faster than reading their text, but takes for numbers what only looks like some: see `Suspect`.

    Attributes
    ----------
    numbers : set of str
        Keys of the columns that are read as numbers; known when the first rows have been read. When all have been read,
        without those whose text had to be read after all.
    commas : int
        How many commas the file has if no row has too many values; known when the file has been read.

    Raises
    ------
    duckdb.Error
        The file is invalid, or unusual in a way that needs the slower reader.
    """

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        path: Path | Sequence[Path],
        names: Sequence[str],
        *,
        head: Path | None = None,
        reads_numbers: Callable[[], bool],
    ) -> None:
        self._connection = connection
        self._path = path
        self._names = names
        self._head = head
        self._keys = column_keys(len(names))
        self._is_read = False
        self._with_commas: set[str] = set()
        self.numbers: set[str] = set()
        self.commas = 0
        self._sample = self._look_at_first_rows(reads_numbers)

    def columns(self) -> list[Column]:
        """Read the file, and return its columns.

        Raises
        ------
        duckdb.Error
            As above.
        SurpriseError
            The first rows are misleading, so that the file has to be read again.
        """
        judged = infer(self._look, self._keys)
        return [Column(name, key, *kind) for name, key, kind in zip(self._names, self._keys, judged, strict=True)]

    def _look_at_first_rows(self, reads_numbers: Callable[[], bool]) -> dict[str, Seen]:
        rows = f"(SELECT * FROM {self._source(self._head or self._path)} LIMIT {SAMPLE_ROWS})"
        marks = [f"bool_or({key} IN ({MISSING_MARKS_SQL}))" for key in self._keys]
        commas = [f"bool_or(contains({key}, ','))" for key in self._keys]
        seen, others = self._ask(dict.fromkeys(self._keys, EVERYTHING), [*marks, *commas], rows)
        width = len(self._keys)
        is_text = not reads_numbers()
        for key, has_marks, has_commas in zip(self._keys, others[:width], others[width:], strict=True):
            if not is_text and not has_marks and seen[key].likely_test == "number":
                self.numbers.add(key)
            if has_commas:
                self._with_commas.add(key)
        return seen

    def _look(self, asked: Mapping[str, Questions], is_sample: bool) -> dict[str, Seen]:
        if is_sample:
            return self._sample
        if self._is_read:
            # DuckDB's numbers were not what they seemed.
            self._check_again()
            self.numbers -= set(asked)
            return self._ask(asked, [], self._source(self._path))[0]
        self._is_read = True
        try:
            return self._look_at_all_rows(asked)
        except duckdb.ConversionException:
            self._check_again()
            self.numbers.clear()
            return self._look_at_all_rows(asked)

    def _look_at_all_rows(self, asked: Mapping[str, Questions]) -> dict[str, Seen]:
        texts = {key: questions for key, questions in asked.items() if key not in self.numbers}
        numbers = [key for key in asked if key in self.numbers]
        # Free text may get its first comma late. Other kinds of text, and most numbers, have none.
        free = [key for key, questions in texts.items() if not questions or key in self._with_commas]
        commas = [f"sum(CASE WHEN contains({key}, ',') THEN {_comma_count(key)} ELSE 0 END)" for key in free]
        odd = [f"bool_or({_IS_ODD_NUMBER.format(key=key)})" for key in numbers]
        seen, others = self._ask(texts, ["count(*)", *odd, *commas], self._source(self._path, numbers))
        row_count, are_odd, in_values = others[0], others[1 : 1 + len(odd)], others[1 + len(odd) :]
        for key, is_odd in zip(numbers, are_odd, strict=True):
            seen[key] = Seen(has_value=True, refuted=_NUMBER if is_odd else frozenset())
        in_rows = (row_count + 1) * (len(self._keys) - 1)
        self.commas = in_rows + sum(count or 0 for count in in_values) + sum(name.count(",") for name in self._names)
        return seen

    def _check_again(self) -> None:
        """Check that the file can be read again."""
        if self._head:
            raise SurpriseError

    def _ask(
        self, asked: Mapping[str, Questions], others: Sequence[str], rows: str
    ) -> tuple[dict[str, Seen], list[Any]]:
        expressions = [one for key, questions in asked.items() for one in expressions_for(questions, key)]
        (row,) = self._connection.execute(f"SELECT {', '.join([*others, *expressions])} FROM {rows}").fetchall()
        answers = iter(row[len(others) :])
        return {key: read_answers(questions, answers) for key, questions in asked.items()}, list(row[: len(others)])

    def _source(self, path: Path | Sequence[Path], numbers: Sequence[str] = ()) -> str:
        buffer_bytes = _PIPE_BUFFER_BYTES if self._head else None
        return scan(path, len(self._keys), header=True, numbers=numbers, buffer_bytes=buffer_bytes)


def _comma_count(key: str) -> str:
    return f"strlen({key}) - strlen(replace({key}, ',', ''))"
