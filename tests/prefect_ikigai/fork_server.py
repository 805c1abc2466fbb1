"""Forks a process for each program: `python fork_server.py SOCKET PYTHON`.

Importing Prefect and its server takes seconds; what was imported once serves all programs. An order of the tests is a
line of JSON on standard input, the process's id the answer. What the programs start, by the name PYTHON, is forked as
well: its orders come through the socket, `forked_python.py` sends them.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import runpy
import select
import signal
import socket
import sys
import threading
from pathlib import Path
from typing import Any

# What programs would import one after the other, later or sooner.
SHARED = (
    "pandas",
    "prefect.cli.server",
    "prefect.engine",
    "prefect.flow_engine",
    "prefect.server.api.server",
    "prefect.task_engine",
    "prefect.utilities.visualization",
    "prefect.workers.process",
    "ikigai_core.components.app",
    "ikigai_core.runs.flow_run",
    "ikigai_core.transport.aio",
    "ikigai_core.transport.sync",
    "prefect_ikigai.runs.hooks",
)


def main(address: str, python: str) -> None:
    for module in SHARED:
        importlib.import_module(module)
    sys.executable = python
    # A process that ends is gone at once.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    # What all have in common stays so: the collector of a fork would copy it.
    gc.collect()
    gc.freeze()
    with socket.socket(socket.AF_UNIX) as listener, open(0, "rb", buffering=0, closefd=False) as orders:
        listener.bind(address)
        listener.listen(64)
        _serve(listener, orders)


def _serve(listener: socket.socket, orders: Any) -> None:
    """Fork until there is nobody any more who orders."""
    while True:
        ready = select.select([orders, listener], [], [])[0]
        if listener in ready:
            connection = listener.accept()[0]
            if not os.fork():
                listener.close()
                _keep(connection)
                return
            connection.close()
        if orders in ready:
            if not (line := orders.readline()):
                return
            if not (pid := os.fork()):
                listener.close()
                _run(**json.loads(line))
                return
            sys.stdout.write(f"{pid}\n")
            sys.stdout.flush()


def _run(command: list[str], cwd: str, log: str, code: str) -> None:
    """Be ``python *command`` in a process of its own; write its exit code down as soon as it has one."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    # Whoever ends the process that forked ends this one, too, but not by closing what it reads from.
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.chdir(cwd)
    ended: Any = 1
    try:
        _perform(command)
        ended = 0
    except SystemExit as leaving:
        ended = leaving.code
        raise
    finally:
        # With Prefect's own background threads, which send what is left, the process takes a little longer to end.
        Path(code).write_text(str(ended or 0))


def _keep(connection: socket.socket) -> None:
    """Fork what a program started, kill it if whoever stands in for it ends, and say how it ended."""
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    outputs = socket.recv_fds(connection, 1, 3)[1]
    with connection.makefile("rb") as said:
        order = json.loads(said.readline())
    if not (pid := os.fork()):
        connection.close()
        _stand_for(outputs, **order)
        return

    def end_with_it() -> None:
        connection.recv(1)
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)

    threading.Thread(target=end_with_it, daemon=True).start()
    with contextlib.suppress(ConnectionError):
        connection.sendall(b"%d\n" % pid)
        code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
        connection.sendall(b"%d\n" % code)
    os._exit(0)


def _stand_for(outputs: list[int], command: list[str], cwd: str, environment: dict[str, str]) -> None:
    """Be ``python *command`` with the settings, and the standard streams, of who stands in for it."""
    for number, output in enumerate(outputs):
        os.dup2(output, number)
        os.close(output)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(environment)
    prefect_context = importlib.import_module("prefect.context")
    prefect_context.GLOBAL_SETTINGS_CONTEXT = prefect_context.root_settings_context()
    _perform(command)


def _perform(command: list[str]) -> None:
    if command[0] == "-m":
        sys.argv, sys.path[0] = command[1:], str(Path.cwd())
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv, sys.path[0] = command, str(Path(command[0]).parent)
        runpy.run_path(command[0], run_name="__main__")


if __name__ == "__main__":
    main(*sys.argv[1:])
