"""Examination of a file while it arrives.

DuckDB reads it through a pipe, as if it were one that is read slowly. So there are no borders between parts to care
for, and the verdict is that on the whole file.
"""

from __future__ import annotations

import contextlib
import fcntl
import itertools
import os
import threading
from collections.abc import Iterable, Iterator
from io import FileIO
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb

from ikigai_core.local.engine.columns import Column
from ikigai_core.local.engine.csv_files import check_header, read_first_row
from ikigai_core.local.engine.file_scan import SurpriseError
from ikigai_core.local.engine.suspicion import HEAD_BYTES, Suspect, suspect
from ikigai_core.local.engine.tables import Tables
from ikigai_core.local.engine.wide_files import WIDE

# How much is passed on, and then looked at: what the pipe holds.
_STEP_BYTES = 1 << 20


def examine_arriving(path: Path, ends: Iterable[int]) -> list[Column] | None:
    """Examine a CSV file while it arrives.

    Parameters
    ----------
    path
        The file.
    ends
        How many bytes from its start on are there, again and again; the last one is its size. The iterable waits for
        them, and raises OSError if they stay away.

    Returns
    -------
    list of Column or None
        The columns of an ordinary file. None if the file is unusual or invalid: it has to be examined as a whole.
    """
    coming = iter(ends)
    first = next(coming)
    with TemporaryDirectory(prefix="ikigai-") as folder, Tables(Path(folder)) as tables:
        head = Path(folder) / "head.csv"
        head.write_bytes(_whole_rows(path, first))
        try:
            names = read_first_row(head)
            if not 2 <= len(names) < WIDE or check_header(names):
                return None
            is_odd = suspect(head, numbers=True).found
            with _Pipe(path, itertools.chain([first], coming)) as pipe:
                scan = tables.scan_file(pipe.path, names, head=head, reads_numbers=lambda: not is_odd)
                pipe.feed(Suspect(numbers=bool(scan.numbers)))
                columns = scan.columns()
            return columns if pipe.commas == scan.commas else None
        except (duckdb.Error, SurpriseError, ValueError):
            return None


def _whole_rows(path: Path, end: int) -> bytes:
    """Return the first rows before `end`, without a row that is not at its end; empty if there are none."""
    with path.open("rb") as file:
        head = file.read(min(HEAD_BYTES, end))
    # Within a quoted value, the number of quotes so far is odd.
    while (end := head.rfind(b"\n")) >= 0:
        head = head[:end]
        if not head.count(b'"') % 2:
            return head + b"\n"
    return b""


class _Pipe:
    """Passes a file that arrives to a reader.

    Attributes
    ----------
    commas : int or None
        The number of commas if all of the file has passed without anything suspicious.
    """

    def __init__(self, path: Path, ends: Iterator[int]) -> None:
        self.commas: int | None = None
        self._file = path
        self._ends = ends
        self._out, self._in = os.pipe()
        _enlarge(self._in)
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
        """Begin to pass the file, and to look at what passes."""
        self._feeding = threading.Thread(target=self._feed, args=(looking,), daemon=True)
        self._feeding.start()

    def _feed(self, looking: Suspect) -> None:
        passed = 0
        # The reader may stop early, and the rest may stay away.
        with (
            contextlib.suppress(OSError, EOFError),
            os.fdopen(self._in, "wb", buffering=0) as pipe,
            self._file.open("rb", buffering=0) as file,
        ):
            for end in self._ends:
                while passed < end:
                    passed += _pass_on(file, passed, min(end - passed, _STEP_BYTES), pipe)
                    looking.read(file, passed - file.tell())
                    if looking.found:
                        # The whole file has to be examined, so the rest of this would be in vain.
                        return
            looking.end()
            self.commas = None if looking.found else looking.commas


def _pass_on(file: FileIO, start: int, size: int, pipe: FileIO) -> int:
    """Write bytes of a file, at most `size`, into a pipe; return how many. The file's position stays."""
    if hasattr(os, "splice"):
        # Without copying them.
        passed = os.splice(file.fileno(), pipe.fileno(), size, offset_src=start)
    else:
        passed = pipe.write(os.pread(file.fileno(), size, start))
    if not passed:
        raise EOFError(f"{file.name} ends before byte {start + size}")
    return passed


def _enlarge(pipe: int) -> None:
    """Let a pipe hold more, so that its ends wait for each other less often."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        # The machine may limit it.
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _STEP_BYTES)
