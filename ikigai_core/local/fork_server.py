"""Starts processes by forking one that has already imported what they need, which takes a tenth of the time.

``python -m ikigai_core.local.fork_server MODULES IMPORTS`` imports IMPORTS and waits for orders. It imports each of
MODULES with the first order for it. For each process that `ForkServer` asks for, it gets one end of a socket. The
process reads its job from there, and has it as its lifeline: when the other end is closed, it ends. The server says
there how the process ended.
"""

from __future__ import annotations

import contextlib
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import traceback
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NoReturn, Self, TextIO

from ikigai_core.local.parent_watch import call_when_starter_ends

_BLOCK = 4096
_ORDER_LENGTH = 1
_MOST_DESCRIPTORS = 4


class ForkServer:
    """Starts processes that run one of some modules. The server itself starts with the first of them.

    Parameters
    ----------
    modules : sequence of str
        Each has a function `main` that takes a list of arguments and returns an exit code. A process ends when its
        starter ends, unless the module sees to that itself and says so: ``WATCHES_ITS_STARTER = True``.
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
        # Neither the working directory nor the locale is to change what modules are and how they read files.
        options = ["-P", "-X", "utf8", "-m", "ikigai_core.local.fork_server"]
        self._command = [python, *options, ",".join(modules), ",".join(imports)]
        self._modules = list(modules)
        self._environment = dict(environment)
        self._server: subprocess.Popen[bytes] | None = None
        self._orders: socket.socket | None = None

    @classmethod
    def of_this_process(cls) -> Self | None:
        """The server that this process was forked from, if it may ask for others; None otherwise."""
        if _inherited is None:
            return None
        server = cls(_modules(), os.environ)
        server._orders = _inherited
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
        job = _Job(module, list(arguments), str(folder), dict(environment or self._environment))
        ours.sendall(json.dumps(asdict(job)).encode() + b"\n")
        return ForkedProcess(ours)

    def stop(self) -> None:
        """End the server. Its processes run on."""
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


_inherited: socket.socket | None = None
"""Where this process may ask the server that it was forked from for others."""


@dataclass(frozen=True)
class _Job:
    module: str
    arguments: list[str]
    folder: str
    environment: dict[str, str]


def _serve(orders: socket.socket, modules: Sequence[str]) -> None:
    """Fork a process for each connection that comes, until there are no more to come."""
    lifelines: dict[int, socket.socket] = {}
    ended, wakeup = socket.socketpair()
    wakeup.setblocking(False)
    signal.set_wakeup_fd(wakeup.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    while True:
        ready = select.select([orders, ended], [], [])[0]
        if ended in ready:
            ended.recv(_BLOCK)
            _report(lifelines)
        if orders in ready:
            order, descriptors, _, _ = socket.recv_fds(orders, _ORDER_LENGTH, _MOST_DESCRIPTORS)
            if not order:
                return
            # If it fails, the process says why.
            with contextlib.suppress(Exception, SystemExit):
                importlib.import_module(modules[order[0]])
            lifeline = socket.socket(fileno=descriptors[0])
            pid = os.fork()
            if not pid:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for inherited in (orders, ended, wakeup, *lifelines.values()):
                    inherited.close()
                _work(lifeline, *descriptors[1:])
            lifelines[pid] = lifeline
            for descriptor in descriptors[1:]:
                os.close(descriptor)


def _report(lifelines: dict[int, socket.socket]) -> None:
    """Tell the starters of processes that have ended."""
    while lifelines:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        # The starter may have ended.
        with lifelines.pop(pid) as lifeline, contextlib.suppress(ConnectionError):
            lifeline.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


def _work(lifeline: socket.socket, stdout: int, stderr: int, orders: int | None = None) -> NoReturn:
    """Be the process."""
    global _inherited
    code = 1
    try:
        os.setsid()
        for number, descriptor in enumerate((stdout, stderr), start=1):
            os.dup2(descriptor, number)
            os.close(descriptor)
        _inherited = None if orders is None else socket.socket(fileno=orders)
        lifeline.sendall(b"%d\n" % os.getpid())
        with lifeline.makefile(encoding="utf-8") as said:
            job = said.readline()
        if job:
            code = _run(_Job(**json.loads(job)), lifeline)
    except SystemExit as exit_:
        code = exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        _flush(sys.stdout, sys.stderr)
        os._exit(code)


def _run(job: _Job, lifeline: socket.socket) -> int:
    os.dup2(lifeline.fileno(), 0)
    lifeline.close()
    module = importlib.import_module(job.module)
    if not getattr(module, "WATCHES_ITS_STARTER", False):
        call_when_starter_ends(lambda: os.killpg(0, signal.SIGKILL))
    os.environ.clear()
    os.environ.update(job.environment)
    os.chdir(job.folder)
    return int(module.main(job.arguments))


def _flush(*streams: TextIO) -> None:
    for stream in streams:
        stream.flush()


def main() -> None:
    """Take the orders that come through standard input, until its other end is closed."""
    for name in filter(None, sys.argv[2].split(",")):
        importlib.import_module(name)
    with socket.socket(fileno=os.dup(0)) as orders:
        _serve(orders, _modules())


def _modules() -> list[str]:
    return sys.argv[1].split(",")


if __name__ == "__main__":
    # What is forked finds what this module knows under its own name.
    importlib.import_module("ikigai_core.local.fork_server").main()
