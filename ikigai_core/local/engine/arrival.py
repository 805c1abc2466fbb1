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
from ikigai_core.local.engine.inference import SurpriseError
from ikigai_core.local.engine.suspicion import BLOCK_BYTES, Suspect, Suspicion
from ikigai_core.local.engine.tables import Tables
from ikigai_core.local.engine.wide_files import WIDE

# Enough for the sample of most files.
_HEAD_BYTES = 1 << 20


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
            with _Pipe(first, coming) as pipe:
                columns = tables.infer_stream(pipe.path, head, names)
            return columns if pipe.is_trusted else None
        except (duckdb.Error, SurpriseError, ValueError):
            return None


def _whole_rows(part: Path) -> bytes:
    """Return the first rows of a part, without a row that is not at its end; empty if there are none."""
    with part.open("rb") as file:
        head = file.read(_HEAD_BYTES)
    # Within a quoted value, the number of quotes so far is odd.
    while (end := head.rfind(b"\n")) >= 0:
        head = head[:end]
        if not head.count(b'"') % 2:
            return head + b"\n"
    return b""


class _Pipe:
    """Passes the parts of a file to a reader, and looks at what passes.

    Attributes
    ----------
    is_trusted : bool
        Whether all parts have passed, without anything suspicious.
    """

    def __init__(self, first: Path, others: Iterator[Path]) -> None:
        self.is_trusted = False
        self._parts = (path for paths in ([first], others) for path in paths)
        self._out, self._in = os.pipe()
        self.path = Path(f"/dev/fd/{self._out}")
        self._feeding = threading.Thread(target=self._feed, daemon=True)

    def __enter__(self) -> _Pipe:
        self._feeding.start()
        return self

    def __exit__(self, *_: object) -> None:
        # Without a reader, feeding ends.
        os.close(self._out)
        self._feeding.join()

    def _feed(self) -> None:
        looking = Suspect()
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
            self.is_trusted = looking.end() == Suspicion.NONE
