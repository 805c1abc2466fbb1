"""Starts processes by forking one that has already imported what they need, which takes a tenth of the time.

`fork_server_process` is that process.
"""

from __future__ import annotations

import contextlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Self

from ikigai_core.local import fork_server_process


class ForkServer:
    """Starts processes that run one of some modules. The server itself starts with the first of them.

    Parameters
    ----------
    modules : sequence of str
        Each has a function `main` that takes a list of arguments and returns an exit code. It may have a function
        `before_fork`, which the server calls before it forks a process for it. A process ends when its starter ends,
        unless the module sees to that itself and says so: ``WATCHES_ITS_STARTER = True``.
    environment : mapping of str to str
        Environment of the processes.
    python : str, optional
        Interpreter. Default: the current one.
    imports : sequence of str
        What else the server imports when it starts.
    """

    def __init__(
        self,
        modules: Sequence[str],
        environment: Mapping[str, str],
        python: str = sys.executable,
        imports: Sequence[str] = (),
    ) -> None:
        # The working directory and the locale must not affect which modules are imported and how they read files.
        options = ["-P", "-X", "utf8", "-m", "ikigai_core.local.fork_server_process"]
        self._command = [python, *options, ",".join(modules), ",".join(imports)]
        self._modules = list(modules)
        self._environment = dict(environment)
        self._server: subprocess.Popen[bytes] | None = None
        self._orders: socket.socket | None = None

    @classmethod
    def of_this_process(cls) -> Self | None:
        """The server that this process was forked from, if this process may start others; None otherwise."""
        if fork_server_process.inherited is None:
            return None
        server = cls(fork_server_process.known_modules(), os.environ)
        server._orders = fork_server_process.inherited
        return server

    def start(
        self,
        module: str,
        arguments: Sequence[str],
        *,
        folder: Path,
        stdout: int,
        stderr: int,
        environment: Mapping[str, str] | None = None,
        may_start_others: bool = False,
    ) -> ForkedProcess:
        """Start a process: the leader of a new process group, with an empty standard input.

        Parameters
        ----------
        module : str
            One of the modules.
        arguments : sequence of str
            Arguments of the module's `main`.
        folder : Path
            Working directory.
        stdout, stderr : int
            File descriptors that get the output.
        environment : mapping of str to str, optional
            Environment of this process. Default: that of all.
        may_start_others : bool
            Whether the process can have others forked from the same server: `of_this_process`.
        """
        ours, theirs = socket.socketpair()
        with theirs:
            descriptors = [theirs.fileno(), stdout, stderr]
            try:
                self._order(module, descriptors, may_start_others)
            except ConnectionError:
                # It was killed.
                self.stop()
                self._order(module, descriptors, may_start_others)
        job = fork_server_process.Job(module, list(arguments), str(folder), dict(environment or self._environment))
        ours.sendall(json.dumps(asdict(job)).encode() + b"\n")
        return ForkedProcess(ours)

    def stop(self) -> None:
        """End the server. Its processes continue."""
        if self._orders is not None:
            self._orders.close()
        if self._server is not None:
            self._server.kill()
            self._server.wait()
        self._server = self._orders = None

    def _order(self, module: str, descriptors: Sequence[int], may_start_others: bool) -> None:
        orders = self._running()
        number = bytes([self._modules.index(module)])
        socket.send_fds(orders, [number], [*descriptors, *([orders.fileno()] if may_start_others else [])])

    def _running(self) -> socket.socket:
        if self._orders is None:
            self._orders, theirs = socket.socketpair()
            with theirs:
                self._server = subprocess.Popen(
                    self._command, stdin=theirs.fileno(), env=self._environment, start_new_session=True
                )
        return self._orders


class ForkedProcess:
    """A process that the server has started. It is killed when its starter ends.

    Parameters
    ----------
    connection : socket
        The starter's end of its lifeline.

    Attributes
    ----------
    pid : int
        Process id, which is also the id of the process group. 0 if the server ended before the process began.
    """

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._said = connection.makefile(encoding="ascii")
        self._code: int | None = None
        self.pid = int(self._said.readline() or 0)

    def kill(self) -> None:
        """Kill the process and its child processes, also those that it has left."""
        if self.pid:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self.pid, signal.SIGKILL)

    def end(self, seconds: float) -> None:
        """End the process as the end of its starter would; kill it if that takes longer than so many seconds."""
        with contextlib.suppress(OSError):
            self._connection.shutdown(socket.SHUT_WR)
        if self.poll(seconds) is None:
            self.kill()
            self.wait()

    def wait(self) -> int:
        """Wait for the end of the process.

        Returns
        -------
        int
            Exit code; negative if a signal ended the process. A process whose server was killed counts as killed.
        """
        while (code := self.poll(None)) is None:
            pass
        return code

    def poll(self, timeout: float | None = 0.0) -> int | None:
        """Return the exit code as `wait` does, or None if the process still runs after `timeout` seconds."""
        if self._code is None and select.select([self._connection], [], [], timeout)[0]:
            with self._connection, self._said:
                self._code = int(self._said.readline() or -signal.SIGKILL)
        return self._code
