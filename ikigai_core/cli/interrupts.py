"""Ctrl-C: say at once that a command ends, and what happens to its work."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Generator
from contextlib import contextmanager
from types import FrameType

from ikigai_core.cli import INTERRUPTED

_messages = ["interrupted."]


def say_at_once() -> None:
    """Let Ctrl-C print a line and end the command. A second Ctrl-C ends it without cleaning up."""
    signal.signal(signal.SIGINT, _interrupt)


@contextmanager
def if_interrupted(message: str) -> Generator[None]:
    """Within the block, Ctrl-C prints this message."""
    _messages.append(message)
    try:
        yield
    finally:
        _messages.remove(message)


def _interrupt(signum: int, frame: FrameType | None) -> None:
    signal.signal(signal.SIGINT, _give_up)
    # A bar may be on the line.
    start = "\n" if sys.stderr.isatty() else ""
    os.write(2, f"{start}ikigai: {_messages[-1]}\n".encode())
    raise KeyboardInterrupt


def _give_up(signum: int, frame: FrameType | None) -> None:
    os._exit(INTERRUPTED)
