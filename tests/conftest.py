"""What all tests share."""

from __future__ import annotations

import signal
from types import FrameType


def pytest_configure() -> None:
    """Let a kill, which make passes on, or a closed terminal end a test run as Ctrl-C does: fixtures are torn down."""
    for number in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)


def _interrupt(signum: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
