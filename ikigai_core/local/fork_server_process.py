"""The fork server's own process: it has imported what its processes need, and forks one for each order.

``python -m ikigai_core.local.fork_server_process MODULES IMPORTS`` imports IMPORTS and waits for orders. It imports
each of MODULES with the first order for it. For each process that a `ForkServer` asks for, it gets one end of a socket.
The process reads its job from there, and has it as its lifeline: when the other end is closed, it ends. The server says
there how the process ended.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import socket
import sys
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from typing import NoReturn, TextIO

from ikigai_core.local.parent_watch import call_when_starter_ends

_BLOCK = 4096
_ORDER_LENGTH = 1
_MOST_DESCRIPTORS = 4

inherited: socket.socket | None = None
"""The connection to the server that this process was forked from, to start other processes."""


@dataclass(frozen=True)
class Job:
    """What a process runs, and where."""

    module: str
    arguments: list[str]
    folder: str
    environment: dict[str, str]


def _serve(orders: socket.socket, modules: Sequence[str]) -> None:
    """Fork a process for each new connection, until standard input is closed."""
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
                module = importlib.import_module(modules[order[0]])
                getattr(module, "before_fork", lambda: None)()
            lifeline = socket.socket(fileno=descriptors[0])
            # A fork's garbage collector would copy the memory that it looks through.
            gc.freeze()
            pid = os.fork()
            if not pid:
                signal.set_wakeup_fd(-1)
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                for other in (orders, ended, wakeup, *lifelines.values()):
                    other.close()
                _work(lifeline, *descriptors[1:])
            lifelines[pid] = lifeline
            for descriptor in descriptors[1:]:
                os.close(descriptor)


def _report(lifelines: dict[int, socket.socket]) -> None:
    """Report ended processes to those that started them."""
    while lifelines:
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            return
        # The starter may have ended.
        with lifelines.pop(pid) as lifeline, contextlib.suppress(ConnectionError):
            lifeline.sendall(b"%d\n" % os.waitstatus_to_exitcode(status))


def _work(lifeline: socket.socket, stdout: int, stderr: int, orders: int | None = None) -> NoReturn:
    """Run the module of the process."""
    global inherited
    code = 1
    try:
        os.setsid()
        for number, descriptor in enumerate((stdout, stderr), start=1):
            os.dup2(descriptor, number)
            os.close(descriptor)
        inherited = None if orders is None else socket.socket(fileno=orders)
        lifeline.sendall(b"%d\n" % os.getpid())
        with lifeline.makefile(encoding="utf-8") as said:
            job = said.readline()
        if job:
            code = _run(Job(**json.loads(job)), lifeline)
    except SystemExit as exit_:
        code = exit_.code if isinstance(exit_.code, int) else int(exit_.code is not None)
    except BaseException:
        traceback.print_exc()
    finally:
        _flush(sys.stdout, sys.stderr)
        os._exit(code)


def _run(job: Job, lifeline: socket.socket) -> int:
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
        _serve(orders, known_modules())


def known_modules() -> list[str]:
    """The modules that may be ordered, also in a process that was forked."""
    return sys.argv[1].split(",")


if __name__ == "__main__":
    # What is forked finds what this module knows under its own name.
    importlib.import_module("ikigai_core.local.fork_server_process").main()
