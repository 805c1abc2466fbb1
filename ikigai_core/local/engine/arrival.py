"""Examination of a file while its parts arrive.

DuckDB reads the parts through a pipe, as if they were one file that is read slowly. So there are no borders between
parts to care for, and the verdict is that on the whole file.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from ikigai_core.local.engine.columns import Column
from ikigai_core.local.engine.csv_files import check_header, read_first_row
from ikigai_core.local.engine.file_scan import SurpriseError
from ikigai_core.local.engine.suspicion import BLOCK_BYTES, HEAD_BYTES, Suspect, suspect
from ikigai_core.local.engine.tables import Tables
from ikigai_core.local.engine.wide_files import WIDE


def examine_arriving(parts: Iterable[Path]) -> list[Column] | None:
    """Examine a CSV file that arrives in parts.

    Parameters
    ----------
    parts
        The files of the parts, in order. The iterable waits for them, and raises OSError if one stays away.

    Returns
    -------
    list of Column or None
        The columns of an ordinary file. None if the file is unusual or invalid: it has to be examined as a whole.
    """
    coming = iter(parts)
    first = next(coming)
    with TemporaryDirectory(prefix="ikigai-") as folder, Tables(Path(folder)) as tables:
        head = Path(folder) / "head.csv"
        head.write_bytes(_whole_rows(first))
        try:
            names = read_first_row(head)
            if not 2 <= len(names) < WIDE or check_header(names):
                return None
            reads_numbers = not suspect(head, numbers=True).found
            with _Pipe(first, coming) as pipe:
                scan = tables.scan_file(pipe.path, names, head=head, reads_numbers=reads_numbers)
                pipe.feed(Suspect(numbers=bool(scan.numbers)))
                columns = scan.columns()
            return columns if pipe.commas == scan.commas else None
        except (duckdb.Error, SurpriseError, ValueError):
            return None


def _whole_rows(part: Path) -> bytes:
    """Return the first rows of a part, without a row that is not at its end; empty if there are none."""
    with part.open("rb") as file:
        head = file.read(HEAD_BYTES)
    # Within a quoted value, the number of quotes so far is odd.
    while (end := head.rfind(b"\n")) >= 0:
        head = head[:end]
        if not head.count(b'"') % 2:
            return head + b"\n"
    return b""


class _Pipe:
    """Passes the parts of a file to a reader.

    Attributes
    ----------
    commas : int or None
        The number of commas if all parts have passed without anything suspicious.
    """

    def __init__(self, first: Path, others: Iterator[Path]) -> None:
        self.commas: int | None = None
        self._parts = (path for paths in ([first], others) for path in paths)
        self._out, self._in = os.pipe()
        self.path = Path(f"/dev/fd/{self._out}")
        self._feeding: threading.Thread | None = None

    def __enter__(self) -> _Pipe:
        return self

    def __exit__(self, *_: object) -> None:
        # Without a reader, feeding ends.
        os.close(self._out)
        if self._feeding is None:
            os.close(self._in)
        else:
            self._feeding.join()

    def feed(self, looking: Suspect) -> None:
        """Begin to pass the parts, and to look at what passes."""
        self._feeding = threading.Thread(target=self._feed, args=(looking,), daemon=True)
        self._feeding.start()

    def _feed(self, looking: Suspect) -> None:
        # The reader may stop early, and parts may stay away.
        with contextlib.suppress(OSError), os.fdopen(self._in, "wb") as pipe:
            for path in self._parts:
                with path.open("rb", buffering=0) as part:
                    while block := part.read(BLOCK_BYTES):
                        pipe.write(block)
                        looking.look(block)
                        if looking.found:
                            # The whole file has to be examined, so the rest of this would be in vain.
                            return
            looking.end()
            self.commas = None if looking.found else looking.commas
