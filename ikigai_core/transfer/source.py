"""Sources of an upload's data, and their conversion to the CSV file that is sent."""

from __future__ import annotations

import os
import tempfile
import threading
from abc import ABC, abstractmethod
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ikigai_core.errors import InvalidInputError, MissingFileError
from ikigai_core.transfer.locations import is_url, local_path, read_blocks, shown
from ikigai_core.transfer.scratch import scratch_file

if TYPE_CHECKING:
    import pandas as pd


class Staged:
    """A source's data as a CSV file during one upload.

    Closing it, also from another thread, stops the writing and removes the file, unless it is the user's own.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._closed = threading.Event()
        self._made: Path | None = None

    def open(self) -> Path:
        """Write the file, or return the path of the user's own file.

        Raises
        ------
        InvalidInputError
            The source is empty, or cannot be written as CSV.
        """
        own = self._source.file()
        if own is not None:
            return own
        handle, name = tempfile.mkstemp(prefix="ikigai-", suffix=".csv")
        self._made = Path(name)
        try:
            with os.fdopen(handle, "wb") as file, closing(self._source.blocks()) as blocks:
                for block in blocks:
                    if self._closed.is_set():
                        break
                    file.write(block)
        except BaseException:
            self.close()
            raise
        if self._closed.is_set():
            self.close()
        return self._made

    def close(self) -> None:
        """Remove the temporary file."""
        self._closed.set()
        if self._made is not None:
            self._made.unlink(missing_ok=True)


class Source(ABC):
    """Data for a dataset. They are checked as far as possible when the source is created."""

    def file(self) -> Path | None:
        """A CSV file that already contains the data and is not empty."""
        return None

    @abstractmethod
    def blocks(self) -> Generator[Any]:
        """Yield the data as CSV, block by block. Raises `InvalidInputError` if there are none."""


class CsvFile(Source):
    """A CSV file that is sent unchanged: a path, or a URL that fsspec reads.

    Raises
    ------
    InvalidInputError
        The file does not exist, is not a file, or is empty.
    """

    def __init__(self, path: Path | str) -> None:
        self._path = path if is_url(path) else _existing(path, "CSV")

    def file(self) -> Path | None:
        """The file itself, if it is local."""
        return None if is_url(self._path) else Path(self._path)

    def blocks(self) -> Generator[Any]:
        """Yield the file's bytes."""
        is_empty = True
        for block in read_blocks(str(self._path)):
            is_empty = False
            yield block
        if is_empty:
            raise InvalidInputError(f"The CSV file {shown(self._path)!r} is empty: it needs a header and rows.")


class Frame(Source):
    """A pandas DataFrame, without its index.

    Raises
    ------
    InvalidInputError
        The frame has no rows or no columns.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        if not hasattr(frame, "to_csv") or not hasattr(frame, "columns"):
            raise InvalidInputError(
                f"A {type(frame).__name__} is no pandas DataFrame: make one of it with pd.DataFrame(…)."
            )
        if frame.empty:
            raise InvalidInputError(f"The frame is empty: it has {len(frame)} rows and {len(frame.columns)} columns.")
        self._frame = frame

    def blocks(self) -> Generator[Any]:
        """Yield the same CSV as pandas."""
        from ikigai_core.transfer.frame_csv import frame_blocks

        try:
            yield from frame_blocks(self._frame)
        except UnicodeEncodeError as error:
            raise InvalidInputError(f"The frame holds text that UTF-8 cannot encode: {error}.") from None


class ArrowStream(Source):
    """Any object with the Arrow stream interface: a table, frame or query result of pyarrow, polars or DuckDB.

    Raises
    ------
    InvalidInputError
        The object has no such interface.
    """

    def __init__(self, data: Any) -> None:
        if not hasattr(data, "__arrow_c_stream__"):
            raise InvalidInputError(
                f"A {type(data).__name__} has no Arrow stream (__arrow_c_stream__): give a table or frame of pyarrow, "
                "polars or DuckDB, a record batch reader, or a pandas frame with .df(…)."
            )
        self._data = data

    def blocks(self) -> Generator[Any]:
        """Yield the batches as CSV."""
        import pyarrow as pa

        from ikigai_core.transfer.arrow_csv import batch_blocks

        reader = pa.RecordBatchReader.from_stream(self._data)
        yield from batch_blocks(reader.schema, reader)


class ParquetFile(Source):
    """A Parquet file, read batch by batch: a path, or a URL that fsspec reads.

    Raises
    ------
    InvalidInputError
        The file does not exist, or is not a file.
    """

    def __init__(self, path: Path | str) -> None:
        self._path = path if is_url(path) else _existing(path, "Parquet")

    def blocks(self) -> Generator[Any]:
        """Yield the row groups as CSV."""
        import pyarrow as pa

        from ikigai_core.transfer.arrow_csv import parquet_blocks

        try:
            with _local(self._path) as path:
                yield from parquet_blocks(path)
        except pa.ArrowInvalid as error:
            raise InvalidInputError(f"{shown(self._path)!r} cannot be read as Parquet: {error}") from None


def source_of(data: Any) -> Source:
    """The source for a pandas frame, an object with an Arrow stream, or the path of a CSV or Parquet file."""
    if isinstance(data, str | Path):
        is_parquet = shown(data).lower().endswith((".parquet", ".pq"))
        return ParquetFile(data) if is_parquet else CsvFile(data)
    if type(data).__module__.partition(".")[0] == "pandas":
        return Frame(data)
    return ArrowStream(data)


@contextmanager
def _local(path: Path | str) -> Iterator[Path]:
    """A local file with the contents of a path or URL."""
    if not is_url(path):
        yield Path(path)
        return
    with scratch_file("") as copy:
        with copy.open("wb") as file:
            for block in read_blocks(str(path)):
                file.write(block)
        yield copy


def _existing(given: Path | str, kind: str) -> Path:
    path = local_path(given, kind)
    if not path.exists():
        raise MissingFileError(f"The {kind} file {str(given)!r} does not exist (looked in {path.resolve().parent}).")
    if not path.is_file():
        raise InvalidInputError(f"{str(given)!r} is no file: give the path of a {kind} file.")
    if path.stat().st_size == 0:
        raise InvalidInputError(f"The {kind} file {str(given)!r} is empty: it needs a header and rows.")
    return path
