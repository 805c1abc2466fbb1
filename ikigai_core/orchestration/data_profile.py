"""Profile of a data file: its rows, a digest and its first rows. Read in one pass, with constant memory."""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import file_digest, sha256
from pathlib import Path
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.csv as pcsv
import pyarrow.parquet as pq

_BLOCK_BYTES = 4 << 20
_LONGEST_CELL = 200
_PARQUET = (".parquet", ".pq")


@dataclass(frozen=True)
class DataProfile:
    """Profile of a data file.

    Attributes
    ----------
    row_count : int or None
        Rows without the header; None for a file that cannot be read as one table.
    digest : str
        SHA-256 of the file, in hexadecimal. It changes if the data change.
    preview : list of dict
        The first rows, as strings by column. Long strings are cut after 200 characters.
    empty_values : dict of str to int
        Number of empty values by column.
    """

    row_count: int | None
    digest: str
    preview: list[dict[str, str]] = field(default_factory=list)
    empty_values: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of_file(cls, path: Path, *, preview_rows: int = 0) -> DataProfile:
        """Read a CSV file, or a Parquet file by its extension. This call blocks.

        Parameters
        ----------
        path : Path
        preview_rows : int, default 0
            Number of first rows to keep.
        """
        table = _Table(preview_rows)
        if path.suffix.lower() in _PARQUET:
            with pq.ParquetFile(path) as parquet:
                table.read(parquet.schema_arrow.names, parquet.iter_batches())
            return table.profile(_digest(path))
        with path.open("rb") as file:
            digesting = _Digesting(file)
            try:
                _read_csv(table, path, digesting)
            except (pa.ArrowInvalid, UnicodeDecodeError):
                # The platform accepted the data, so it is not an error if the rows cannot be counted here.
                return cls(None, _digest(path))
        return table.profile(digesting.digest)


class _Table:
    """Counts the rows and empty values of batches, and keeps the first rows."""

    def __init__(self, preview_rows: int) -> None:
        self._preview_rows = preview_rows
        self._row_count = 0
        self._preview: list[dict[str, str]] = []
        self._empty: Counter[str] = Counter()

    def read(self, names: list[str], batches: Iterable[Any]) -> None:
        self._empty = Counter(dict.fromkeys(names, 0))
        for batch in batches:
            first = batch.slice(0, max(self._preview_rows - len(self._preview), 0))
            self._preview += [{name: _text(value) for name, value in row.items()} for row in first.to_pylist()]
            self._row_count += batch.num_rows
            self._empty.update({name: column.null_count for name, column in zip(names, batch.columns, strict=True)})

    def profile(self, digest: str) -> DataProfile:
        return DataProfile(self._row_count, digest, self._preview, dict(self._empty))


class _Digesting(io.RawIOBase):
    """A file that is read once, from its beginning, with a digest of the bytes that were read."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self._sha256 = sha256()
        self.size = 0

    @property
    def digest(self) -> str:
        return self._sha256.hexdigest()

    def readable(self) -> bool:
        return True

    def read(self, size: int = -1) -> bytes:
        content = self._file.read(size)
        self._sha256.update(content)
        self.size += len(content)
        return content


def _read_csv(table: _Table, path: Path, file: _Digesting) -> None:
    names = _column_names(path)
    if not names:
        return
    # Read as bytes, so that text in another encoding than UTF-8 is counted too.
    types = dict.fromkeys(names, pa.large_binary())
    convert = pcsv.ConvertOptions(column_types=types, null_values=[""], strings_can_be_null=True)
    with pcsv.open_csv(
        pa.PythonFile(file, mode="r"), read_options=_reading(), parse_options=_parsing(), convert_options=convert
    ) as reader:
        table.read(names, reader)


def _column_names(path: Path) -> list[str]:
    """The column names in the header; none for an empty file."""
    if not path.stat().st_size:
        return []
    with pcsv.open_csv(path, read_options=_reading(), parse_options=_parsing()) as reader:
        return [str(name) for name in reader.schema.names]


def _reading() -> pcsv.ReadOptions:
    return pcsv.ReadOptions(block_size=_BLOCK_BYTES)


def _parsing() -> pcsv.ParseOptions:
    return pcsv.ParseOptions(newlines_in_values=True)


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return file_digest(file, "sha256").hexdigest()


def _text(value: object) -> str:
    text = "" if value is None else value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return text if len(text) <= _LONGEST_CELL else f"{text[:_LONGEST_CELL]}…"
