"""Ends a process when its parent ends. Its standard input is a pipe or socket that the parent holds open."""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Callable

_BLOCK = 4096


def call_when_starter_ends(end: Callable[[], None]) -> None:
    """Call `end` in a separate thread when the other side of standard input is closed."""
    # Child processes must not inherit the pipe as their standard input and read from it.
    lifeline = os.dup(0)
    devnull = os.open(os.devnull, os.O_RDONLY)
    os.dup2(devnull, 0)
    os.close(devnull)

    def watch() -> None:
        # A thread that waits in sys.stdin would hold its lock and abort the interpreter's exit. os.read has no lock.
        # A socket is reset if the parent ended before it read what was sent to it.
        with contextlib.suppress(ConnectionError):
            while os.read(lifeline, _BLOCK):
                pass
        end()

    threading.Thread(target=watch, name="lifeline", daemon=True).start()
