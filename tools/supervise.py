"""Run a command and leave nothing behind.

::

    python tools/supervise.py COMMAND ARGUMENT...

However the command ends (by itself, by Ctrl-C, SIGTERM or SIGHUP, by a kill), every process that it started, and those
that these started, is ended too, and what is in its folder for temporary files is deleted. That also holds where this
program is killed, or the one that started it.

Two processes see to that, each for the case that the other is killed: the supervisor, and the keeper, its child, which
runs the command.
"""

from __future__ import annotations

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from types import FrameType
from typing import NoReturn

import psutil

PATIENCE = 15.0
"""Seconds in which an interrupted command ends by itself."""

_INTERRUPTIONS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_POLL_SECONDS = 0.05
_PR_SET_CHILD_SUBREAPER = 36


class InterruptedRunError(Exception):
    """The command is to end.

    Parameters
    ----------
    number : int
        The signal's that said so.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"interrupted by {signal.Signals(number).name}")
        self.number = number


def supervise(command: Sequence[str]) -> int:
    """Run a command.

    Parameters
    ----------
    command : sequence of str
        Program and arguments. Its standard input is empty; interrupted, it gets SIGINT.

    Returns
    -------
    int
        Its exit status, or 128 and the number of the signal that ended it.
    """
    folder = Path(tempfile.mkdtemp(prefix="ikigai-"))
    starter = os.getppid()
    keeper = os.fork()
    if keeper == 0:
        _keep(command, folder)
    _adopt_orphans()
    interruptions: list[int] = []
    for number in _INTERRUPTIONS:
        signal.signal(number, lambda number, _: interruptions.append(number))
    status = _wait(keeper, starter, interruptions)
    _clean_up(folder)
    if interruptions:
        print(f"\n{InterruptedRunError(interruptions[0])}", file=sys.stderr)
        return 128 + interruptions[0]
    return status


def _wait(keeper: int, starter: int, interruptions: list[int]) -> int:
    """Wait for the keeper; hand the first interruption on, and do not wait any longer at the second."""
    deadline = None
    while (status := _reaped(keeper)) is None:
        if os.getppid() != starter and not interruptions:
            interruptions.append(signal.SIGHUP)
        if interruptions and deadline is None:
            deadline = time.monotonic() + PATIENCE + 5
            os.kill(keeper, interruptions[0])
        if deadline is not None and (time.monotonic() > deadline or len(interruptions) > 1):
            return 1
        time.sleep(_POLL_SECONDS)
    return status


def _keep(command: Sequence[str], folder: Path) -> NoReturn:
    # A session of its own: Ctrl-C reaches the supervisor alone, which hands it on.
    os.setsid()
    _adopt_orphans()
    supervisor = os.getppid()
    for number in _INTERRUPTIONS:
        signal.signal(number, _interrupt)
    threading.Thread(target=_end_with, args=(supervisor, folder), daemon=True).start()
    status = 1
    try:
        status = _run(command, folder)
    except OSError as error:
        print(f"{command[0]} cannot be run: {error}", file=sys.stderr)
    except InterruptedRunError as interruption:
        status = 128 + interruption.number
    finally:
        if os.getppid() != supervisor:
            _clean_up(folder)
        sys.stderr.flush()
        os._exit(status)


def _interrupt(number: int, _: FrameType | None) -> NoReturn:
    for each in _INTERRUPTIONS:
        signal.signal(each, signal.SIG_IGN)
    raise InterruptedRunError(number)


def _run(command: Sequence[str], folder: Path) -> int:
    environment = {**os.environ, "TMPDIR": str(folder)}
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL, env=environment, process_group=0)
    try:
        while (status := _reaped(process.pid)) is None:
            time.sleep(_POLL_SECONDS)
        return status
    except InterruptedRunError:
        # What Python programs, pytest among them, understand best: it runs their finally blocks.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGINT)
        deadline = time.monotonic() + PATIENCE
        while _reaped(process.pid) is None and time.monotonic() < deadline:
            time.sleep(_POLL_SECONDS)
        raise


def _reaped(process: int) -> int | None:
    """Take note of children that have ended, adopted ones too; return that one's exit status if it is among them."""
    while True:
        try:
            ended, status = os.waitpid(-1, os.WNOHANG)
        except ChildProcessError:
            return 1
        if ended == process:
            code = os.waitstatus_to_exitcode(status)
            return code if code >= 0 else 128 - code
        if not ended:
            return None


def _end_with(supervisor: int, folder: Path) -> None:
    """Interrupt the keeper once the supervisor is gone, and end it if that does not."""
    while os.getppid() == supervisor:
        time.sleep(_POLL_SECONDS)
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(PATIENCE + 5)
    _clean_up(folder)
    os._exit(1)


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


if __name__ == "__main__":
    if not sys.argv[1:]:
        sys.exit("usage: python tools/supervise.py COMMAND ARGUMENT...")
    sys.exit(supervise(sys.argv[1:]))
