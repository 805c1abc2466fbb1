"""A process that ends with the one that started it: its standard input is a pipe that the starter holds open.

``python -m ikigai_core.local.parent_watch MODULE ARGUMENT...`` runs a module that way; the process must be the leader
of its own group, which ends as a whole.
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
    """Call `end` in a thread of its own once standard input is closed by whoever holds its other side."""
    # Nothing that this process starts may inherit the pipe as its own standard input and read from it.
    lifeline = os.dup(0)
    devnull = os.open(os.devnull, os.O_RDONLY)
    os.dup2(devnull, 0)
    os.close(devnull)

    def watch() -> None:
        # os.read, since a thread that waits in sys.stdin would hold its lock and abort the interpreter's exit.
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
