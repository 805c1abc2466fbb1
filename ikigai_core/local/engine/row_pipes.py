"""Pipes through which a reader gets the rows of a file while it arrives."""

from __future__ import annotations

import contextlib
import fcntl
import os
import threading
from collections.abc import Iterable, Iterator
from io import FileIO
from pathlib import Path
from typing import Self

from ikigai_core.local.engine.row_ends import RowEnds
from ikigai_core.local.engine.suspicion import Suspect

# DuckDB reads a pipe with one thread, which does not keep up with what comes from the same machine.
_PIPES = 2
# How much a pipe holds, if the machine lets it.
_PIPE_BYTES = 1 << 20
# How much is looked at, and then passed on while it is in the processor's cache.
_STEP_BYTES = 1 << 18


class RowPipes:
    """Passes a CSV file through pipes that can be read side by side: the header through each, other rows through one.

    Parameters
    ----------
    path
        The file.
    header_size
        How many bytes the header has.
    ends
        How many bytes from the file's start on are there, again and again; the last one is its size. The iterable waits
        for them, and raises OSError if they stay away.

    Attributes
    ----------
    paths : list of Path
        Where to read.
    commas : int or None
        The number of commas if all of the file has passed without anything suspicious.
    """

    def __init__(self, path: Path, header_size: int, ends: Iterable[int]) -> None:
        self.commas: int | None = None
        self._file = path
        self._header_size = header_size
        self._ends = ends
        self._pipes = [os.pipe() for _ in range(_PIPES)]
        self.paths = [Path(f"/dev/fd/{out}") for out, _ in self._pipes]
        self._feeding: list[threading.Thread] = []
        self._lock = threading.Lock()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # Without a reader, feeding ends.
        for out, into in self._pipes:
            os.close(out)
            if not self._feeding:
                os.close(into)
        for thread in self._feeding:
            thread.join()

    def feed(self, looking: Suspect) -> None:
        """Begin to look at the file, and to pass what is not suspicious."""
        pieces = self._pieces(looking)
        for _, into in self._pipes:
            thread = threading.Thread(target=self._feed, args=(into, pieces), daemon=True)
            thread.start()
            self._feeding.append(thread)

    def _feed(self, into: int, pieces: Iterator[tuple[int, int]]) -> None:
        _enlarge(into)
        # The reader may stop early, and the rest may stay away.
        with (
            contextlib.suppress(OSError, EOFError),
            os.fdopen(into, "wb", buffering=0) as pipe,
            self._file.open("rb", buffering=0) as file,
        ):
            piece: tuple[int, int] | None = (0, self._header_size)
            while piece:
                _pass_on(file, *piece, pipe)
                # The pipe that is read faster passes more.
                with self._lock:
                    piece = next(pieces, None)

    def _pieces(self, looking: Suspect) -> Iterator[tuple[int, int]]:
        """Yield where pieces of whole rows begin and end, as they arrive."""
        rows = RowEnds()
        begin, seen = self._header_size, 0
        with self._file.open("rb", buffering=0) as file:
            for block in self._blocks(file):
                looking.read(file, len(block))
                if looking.found:
                    # The whole file has to be examined, so the rest of this would be in vain.
                    return
                row_end = rows.last(block)
                if row_end and seen + row_end > begin:
                    yield begin, seen + row_end
                    begin = seen + row_end
                seen += len(block)
        looking.end()
        if begin < seen:
            yield begin, seen
        self.commas = None if looking.found else looking.commas

    def _blocks(self, file: FileIO) -> Iterator[bytes]:
        """Yield the bytes of a file as they arrive. The file's position stays."""
        seen = 0
        for end in self._ends:
            while seen < end:
                block = os.pread(file.fileno(), min(end - seen, _STEP_BYTES), seen)
                if not block:
                    raise EOFError(f"{self._file} ends before byte {end}")
                yield block
                seen += len(block)


def _pass_on(file: FileIO, begin: int, end: int, pipe: FileIO) -> None:
    """Write a piece of a file into a pipe."""
    while begin < end:
        if hasattr(os, "splice"):
            # Without copying the bytes.
            passed = os.splice(file.fileno(), pipe.fileno(), end - begin, offset_src=begin)
        else:
            passed = pipe.write(os.pread(file.fileno(), end - begin, begin))
        if not passed:
            raise EOFError(f"{file.name} ends before byte {end}")
        begin += passed


def _enlarge(pipe: int) -> None:
    """Let a pipe hold more, so that its ends wait for each other less often."""
    if hasattr(fcntl, "F_SETPIPE_SZ"):
        # The machine may limit it.
        with contextlib.suppress(OSError):
            fcntl.fcntl(pipe, fcntl.F_SETPIPE_SZ, _PIPE_BYTES)
