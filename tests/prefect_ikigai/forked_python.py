"""Stands in for Python where Prefect starts flow runs: `forked_python.py SOCKET PYTHON ARGUMENTS`.

The fork server runs the module or file; this process passes signals on to it, and lives and dies with it.
"""

from __future__ import annotations

import contextlib
import json
import os
import signal
import socket
import sys


def main(address: str, python: str, *command: str) -> None:
    if command[0] != "-m" and not command[0].endswith(".py"):
        os.execv(python, [python, *command])
    # Importing pathlib takes longer than all else here.
    order = {"command": command, "cwd": os.getcwd(), "environment": dict(os.environ)}  # noqa: PTH109
    with socket.socket(socket.AF_UNIX) as server:
        server.connect(address)
        socket.send_fds(server, [b"\n"], [0, 1, 2])
        server.sendall(json.dumps(order).encode() + b"\n")
        with server.makefile() as said:
            pid = int(said.readline())
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                signal.signal(number, lambda number, _: _pass_on(pid, number))
            code = int(said.readline())
    if code < 0:
        signal.signal(-code, signal.SIG_DFL)
        os.kill(os.getpid(), -code)
    sys.exit(code)


def _pass_on(pid: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, number)


if __name__ == "__main__":
    main(*sys.argv[1:])
