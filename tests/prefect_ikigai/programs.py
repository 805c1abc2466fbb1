"""Python programs in processes of their own, forked, as is what they start, from one that has imported Prefect."""

from __future__ import annotations

import contextlib
import itertools
import json
import os
import shlex
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

_FORK_SERVER = str(Path(__file__).with_name("fork_server.py"))
_FORKED_PYTHON = str(Path(__file__).with_name("forked_python.py"))


class Program:
    """A program that was started.

    Attributes
    ----------
    pid : int
        Its process id.
    log : Path
        What it says, on both outputs.
    """

    def __init__(self, pid: int, log: Path, code: Path) -> None:
        self.pid = pid
        self.log = log
        self._code = code

    @property
    def is_alive(self) -> bool:
        """Whether the process is there."""
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def send(self, number: int) -> None:
        """Send a signal; nothing happens if the process is gone."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.pid, number)

    def wait(self, seconds: float) -> int | None:
        """Wait until it has ended and return its exit code, None for one that was killed.

        Raises
        ------
        TimeoutError
            It has not.
        """
        deadline = time.monotonic() + seconds
        while self.is_alive:
            if time.monotonic() > deadline:
                raise TimeoutError(f"process {self.pid} has not ended: {self.log.read_text()[-2000:]}")
            time.sleep(0.02)
        return int(self._code.read_text()) if self._code.exists() else None

    def end(self, number: int = signal.SIGTERM, seconds: float = 20) -> None:
        """End it, by force where it does not by itself."""
        self.send(number)
        try:
            self.wait(seconds)
        except TimeoutError:
            self.send(signal.SIGKILL)
            self.wait(seconds)


class Programs:
    """Starts programs; a context manager that ends what they are forked from, and no more.

    Parameters
    ----------
    folder : Path
        For what they say, where nothing else is named.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._lock = threading.Lock()
        self._numbers = itertools.count(1)

    def start(self, *command: str, cwd: Path | None = None, log: Path | None = None) -> Program:
        """Start ``python *command``: ``-m`` and a module, or a file, with its arguments."""
        number = next(self._numbers)
        log = log or self._folder / f"program-{number}.log"
        code = self._folder / f"program-{number}.code"
        order = {"command": command, "cwd": str(cwd or Path.cwd()), "log": str(log), "code": str(code)}
        with self._lock:
            assert self._process.stdin is not None and self._process.stdout is not None
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            return Program(int(self._process.stdout.readline()), log, code)

    def __enter__(self) -> Self:
        address, python = self._folder / "forks", self._folder / "python"
        stand_in = [sys.executable, "-I", "-S", _FORKED_PYTHON, str(address), sys.executable]
        python.write_text(f'#!/bin/sh\nexec {shlex.join(stand_in)} "$@"\n')
        python.chmod(0o755)
        self._process = subprocess.Popen(
            [sys.executable, _FORK_SERVER, str(address), str(python)],
            # As wide as what is looked for in what they say.
            env={**os.environ, "COLUMNS": "200"},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()
