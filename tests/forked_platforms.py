"""Local platforms for tests, forked from a process that has imported all: an own start costs a second of CPU time.

What ends up running is the same, with a process group, an environment and a folder of its own.
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any, BinaryIO

from ikigai_core.local.fork_server import ForkedProcess, ForkServer
from ikigai_core.local.jobs.worker_modules import MODULES as WORKERS
from ikigai_core.local.process import PYTHON_VARIABLE, LocalPlatform

_MODULE = "ikigai_core.local.__main__"

_spawn_by_itself = LocalPlatform._spawn
_servers: dict[str, ForkServer] = {}


class ForkedPlatform:
    """What a launcher wants of a process, as `subprocess.Popen` has it."""

    stdin = None

    def __init__(self, process: ForkedProcess, stdout: int) -> None:
        self._process = process
        self.pid = process.pid
        self.stdout = os.fdopen(stdout, "rb", buffering=0)

    def poll(self) -> int | None:
        return self._process.poll()

    def wait(self, timeout: float | None = None) -> int:
        code = self._process.poll(timeout)
        if code is None:
            raise subprocess.TimeoutExpired(_MODULE, timeout or 0.0)
        return code

    def send_signal(self, number: int) -> None:
        os.kill(self.pid, number)


def fork(platform: Any, log: BinaryIO) -> Any:
    """Start a platform, for `LocalPlatform`."""
    python, _, _, *arguments = platform._command
    if python != (os.environ.get(PYTHON_VARIABLE) or sys.executable):
        return _spawn_by_itself(platform, log)
    # The lifeline of forked processes does the same.
    arguments[arguments.index("--exit-with-parent")] = "--no-note"
    return start(arguments, platform._environment, log, python)


def start(
    arguments: Sequence[str], environment: Mapping[str, str], stderr: IO[bytes], python: str = sys.executable
) -> ForkedPlatform:
    """Start a platform with the arguments of its command."""
    ours, theirs = os.pipe()
    try:
        process = _server(python).start(
            _MODULE,
            arguments,
            folder=Path.cwd(),
            stdout=theirs,
            stderr=stderr.fileno(),
            environment=environment,
            may_start_others=True,
        )
    finally:
        os.close(theirs)
    return ForkedPlatform(process, ours)


def _server(python: str) -> ForkServer:
    if python not in _servers:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("IKIGAI_")}
        # Workers are forked from it, too; what scripts print is seen at once.
        _servers[python] = ForkServer([_MODULE, *WORKERS], environment | {"PYTHONUNBUFFERED": "1"}, python)
    return _servers[python]


def install() -> None:
    """Have all platforms of this process forked."""
    LocalPlatform._spawn = fork  # type: ignore[method-assign]


def uninstall() -> None:
    """Have platforms started as users start them."""
    LocalPlatform._spawn = _spawn_by_itself  # type: ignore[method-assign]


def stop() -> None:
    """End what they are forked from."""
    while _servers:
        _servers.popitem()[1].stop()
