"""Where an upload's data comes from: a CSV file, or a frame that is written to one first."""

from __future__ import annotations

import os
import tempfile
from abc import ABC, abstractmethod
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from ikigai_core.errors import InvalidInput, MissingFile

if TYPE_CHECKING:
    import pandas as pd

_ROWS_AT_ONCE = 50_000
"""Rows turned into CSV at a time, which bounds the memory beyond the frame itself."""


class Source(ABC):
    """Data for a dataset, checked when it is made."""

    @abstractmethod
    def open(self) -> Path:
        """Make the data available as a CSV file that is not empty."""

    @abstractmethod
    def close(self) -> None:
        """Remove what `open` made."""


class CsvFile(Source):
    """A CSV file, sent as it is.

    Raises
    ------
    InvalidInput
        The file does not exist, is no file, or is empty.
    """

    def __init__(self, path: Path | str) -> None:
        self._path = Path(path)
        if not self._path.exists():
            raise MissingFile(f"The CSV file {str(path)!r} does not exist (looked in {self._path.resolve().parent}).")
        if not self._path.is_file():
            raise InvalidInput(f"{str(path)!r} is no file: give the path of a CSV file.")
        if self._path.stat().st_size == 0:
            raise InvalidInput(f"The CSV file {str(path)!r} is empty: it needs a header and rows.")

    def open(self) -> Path:
        """The file itself."""
        return self._path

    def close(self) -> None:
        """Nothing was made, and the file is the user's."""


class Frame(Source):
    """A pandas DataFrame, without its index.

    Raises
    ------
    InvalidInput
        The frame has no rows or no columns, or two columns of one name.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        if frame.empty:
            raise InvalidInput(f"The frame is empty: it has {len(frame)} rows and {len(frame.columns)} columns.")
        if not frame.columns.is_unique:
            twice = sorted({str(name) for name in frame.columns[frame.columns.duplicated()]})
            raise InvalidInput(f"The frame has several columns of one name: {', '.join(twice)}. Rename them.")
        self._frame = frame
        self._spooled: Path | None = None

    def open(self) -> Path:
        """Write the frame to a temporary CSV file."""
        handle, name = tempfile.mkstemp(prefix="ikigai-", suffix=".csv")
        os.close(handle)
        self._spooled = Path(name)
        self._frame.to_csv(self._spooled, index=False, chunksize=_ROWS_AT_ONCE)
        return self._spooled

    def close(self) -> None:
        """Remove the temporary file."""
        if self._spooled is not None:
            self._spooled.unlink(missing_ok=True)


def source_of(data: pd.DataFrame | Path | str) -> Source:
    """The source for a frame, or for the path of a CSV file."""
    return CsvFile(data) if isinstance(data, str | Path) else Frame(data)


@contextmanager
def scratch_file(suffix: str) -> Generator[Path]:
    """The path of a file that does not exist yet, in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="ikigai-") as folder:
        yield Path(folder) / f"data{suffix}"
