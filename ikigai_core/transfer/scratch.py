"""Temporary files for data that are being transferred."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Self

IN_MEMORY = 512 << 20
"""Maximum size in bytes of a file that is kept in memory."""

_SHARE_OF_FREE_MEMORY = 8


@contextmanager
def scratch_file(suffix: str) -> Iterator[Path]:
    """The path of a file that does not exist yet, in a folder that is deleted afterwards."""
    with tempfile.TemporaryDirectory(prefix="ikigai-", ignore_cleanup_errors=True) as folder:
        yield Path(folder) / f"data{suffix}"


class QuickFile:
    """A temporary file for data that will be loaded into memory. It is in memory too if there is enough.

    On a busy disk, writing would take many times as long as the download. It is a context manager.

    Attributes
    ----------
    path : Path
        Its path, after the call of `place`.
    """

    def __init__(self) -> None:
        self.path = Path()
        self._stack = ExitStack()

    def place(self, size: int | None) -> Path:
        """Create an empty file (again if necessary), and return its path.

        Parameters
        ----------
        size : int or None
            Expected size in bytes; None if it is not known.
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
