"""Leave nothing behind: the demo runs in a process that is watched, and what it started ends when it does.

The supervisor hands signals on, ends every process that is left over, and deletes the demo's folder, also where the
demo was killed. The demo in turn ends when the supervisor does.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import NoReturn

import psutil

PATIENCE = 20.0
"""Seconds in which the demo ends its processes by itself."""

_INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_POLL_SECONDS = 0.1
_PR_SET_CHILD_SUBREAPER = 36


class Interrupted(Exception):
    """The demo was asked to end.

    Parameters
    ----------
    number : int
        The signal's.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"interrupted by {signal.Signals(number).name}")
        self.number = number


def supervise(job: Callable[[Path], int]) -> int:
    """Run a job in a process of its own, with an empty folder, and clean up behind it.

    Parameters
    ----------
    job : callable
        Takes the folder, returns the exit status; it gets `Interrupted` where the demo is to end.

    Returns
    -------
    int
        The job's exit status, or 128 and the number of the signal that ended it.
    """
    folder = Path(tempfile.mkdtemp(prefix="ikigai-demo-"))
    starter = os.getppid()
    child = os.fork()
    if child == 0:
        _run(job, folder)
    _adopt_orphans()
    interruptions: list[int] = []
    with _noted(interruptions):
        try:
            return _wait(child, starter, interruptions)
        finally:
            _clean_up(folder)


def _run(job: Callable[[Path], int], folder: Path) -> NoReturn:
    # A session of its own: Ctrl-C reaches the supervisor alone, which hands it on.
    os.setsid()
    _adopt_orphans()
    supervisor = os.getppid()
    os.environ["TMPDIR"] = tempfile.tempdir = str(folder)

    def interrupt(number: int, _: FrameType | None) -> NoReturn:
        for signal_number in _INTERRUPTIONS:
            signal.signal(signal_number, signal.SIG_IGN)
        raise Interrupted(number)

    for signal_number in _INTERRUPTIONS:
        signal.signal(signal_number, interrupt)
    threading.Thread(target=_end_with, args=(supervisor, folder), daemon=True).start()
    status = 1
    try:
        status = job(folder)
    except Interrupted as interruption:
        print(f"demo: {interruption}", file=sys.stderr)
        status = 128 + interruption.number
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        if os.getppid() != supervisor:
            _clean_up(folder)
        os._exit(status)


def _end_with(supervisor: int, folder: Path) -> None:
    """Interrupt this process once the supervisor is gone, and end it if that does not."""
    while os.getppid() == supervisor:
        time.sleep(_POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE)
    _clean_up(folder)
    os._exit(1)


@contextlib.contextmanager
def _noted(interruptions: list[int]) -> Iterator[None]:
    """Note the signals that ask for an end, instead of ending."""
    previous = {
        number: signal.signal(number, lambda number, _: interruptions.append(number)) for number in _INTERRUPTIONS
    }
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)


def _wait(child: int, starter: int, interruptions: list[int]) -> int:
    """Wait for the child; ask it to end at the first interruption, and do not wait any longer at the second."""
    deadline = None
    while True:
        ended, status = os.waitpid(child, os.WNOHANG)
        if ended:
            return os.waitstatus_to_exitcode(status) if os.WIFEXITED(status) else 128 + os.WTERMSIG(status)
        if os.getppid() != starter and not interruptions:
            interruptions.append(signal.SIGHUP)
        if interruptions and deadline is None:
            deadline = time.monotonic() + PATIENCE
            os.kill(child, interruptions[0])
        if deadline is not None and (time.monotonic() > deadline or len(interruptions) > 1):
            return 128 + interruptions[0]
        time.sleep(_POLL_SECONDS)


def _adopt_orphans() -> None:
    """Become the parent of descendants whose own parent ends, so that they can be found. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def _clean_up(folder: Path) -> None:
    """End every process that is left, gently first, and delete the folder."""
    this = psutil.Process()
    # What a dying process still starts is found on the next round.
    for patience in (2.0, 0.5, 0.5):
        processes = this.children(recursive=True)
        for process in processes:
            with contextlib.suppress(psutil.NoSuchProcess):
                process.terminate() if patience > 1 else process.kill()
        psutil.wait_procs(processes, timeout=patience)
    shutil.rmtree(folder, ignore_errors=True)
