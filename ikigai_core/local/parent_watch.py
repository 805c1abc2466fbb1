"""A process that ends when its starter ends: its standard input is a pipe that the starter holds open.

``python -m ikigai_core.local.parent_watch MODULE ARGUMENT...`` runs a module in this way. The process must be the
leader of its process group; the whole group ends.
"""

from __future__ import annotations

import os
import runpy
import signal
import sys
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
        while os.read(lifeline, _BLOCK):
            pass
        end()

    threading.Thread(target=watch, name="lifeline", daemon=True).start()


def _end_group() -> None:
    os.killpg(os.getpgid(0), signal.SIGKILL)


if __name__ == "__main__":
    call_when_starter_ends(_end_group)
    module = sys.argv[1]
    sys.argv = sys.argv[1:]
    runpy.run_module(module, run_name="__main__", alter_sys=True)
