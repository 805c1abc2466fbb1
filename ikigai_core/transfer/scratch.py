"""Places for data that are under way, gone when they are not needed any more."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

IN_MEMORY = 512 << 20
"""The largest file, in bytes, that is kept in memory."""

_SHARE_OF_FREE_MEMORY = 8


@contextmanager
def scratch_file(suffix: str) -> Iterator[Path]:
    """The path of a file that does not exist yet, in a folder that is removed afterwards."""
    with tempfile.TemporaryDirectory(prefix="ikigai-", ignore_cleanup_errors=True) as folder:
        yield Path(folder) / f"data{suffix}"


class QuickFile:
    """A file for data that end up in memory anyway: in memory already, where there is room.

    A disk that others keep busy would take many times as long as the download. It is a context manager.

    Attributes
    ----------
    path : Path
        Where it is, once `place` was told how large it will be.
    """

    def __init__(self) -> None:
        self.path = Path()
        self._stack = ExitStack()

    def place(self, size: int | None) -> Path:
        """Make the file, empty, anew if need be; return its path.

        Parameters
        ----------
        size : int or None
            How many bytes there will be; None where nobody knows.
        """
        self._stack.close()
        if size is not None and _fits(size):
            file = os.memfd_create("ikigai-download")
            self._stack.callback(os.close, file)
            self.path = Path(f"/proc/self/fd/{file}")
        else:
            self.path = self._stack.enter_context(scratch_file(".csv"))
        return self.path

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *error: object) -> None:
        self._stack.close()


def _fits(size: int) -> bool:
    if size > IN_MEMORY or not hasattr(os, "memfd_create"):
        return False
    try:
        return size <= _free_memory() // _SHARE_OF_FREE_MEMORY
    except (OSError, ValueError, StopIteration):
        return False


def _free_memory() -> int:
    """Bytes that this process may still use (Linux)."""
    lines = Path("/proc/meminfo").read_text(encoding="ascii").splitlines()
    free = next(int(line.split()[1]) for line in lines if line.startswith("MemAvailable:")) * 1024
    limit = Path("/sys/fs/cgroup/memory.max")
    if limit.exists() and (most := limit.read_text(encoding="ascii").strip()).isdecimal():
        free = min(free, int(most) - int(limit.with_name("memory.current").read_text(encoding="ascii")))
    return free
