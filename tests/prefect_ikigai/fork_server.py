"""Forks a process for each program: `python fork_server.py`. An order a line as JSON, the process's id a line.

Importing Prefect and its server takes seconds; what was imported once serves all programs.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import runpy
import signal
import sys
from pathlib import Path
from typing import Any

# What programs would import one after the other, later or sooner.
SHARED = (
    "prefect.cli.server",
    "prefect.flow_engine",
    "prefect.server.api.server",
    "prefect.task_engine",
    "prefect.utilities.visualization",
    "ikigai_core.components.app",
    "ikigai_core.runs.flow_run",
    "ikigai_core.transport.sync",
    "prefect_ikigai.runs.hooks",
)


def main() -> None:
    for module in SHARED:
        importlib.import_module(module)
    # A process that ends is gone at once.
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    # What all have in common stays so: the collector of a fork would copy it.
    gc.collect()
    gc.freeze()
    for line in sys.stdin:
        if not (pid := os.fork()):
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


def _perform(command: list[str]) -> None:
    if command[0] == "-m":
        sys.argv, sys.path[0] = command[1:], str(Path.cwd())
        runpy.run_module(command[1], run_name="__main__", alter_sys=True)
    else:
        sys.argv, sys.path[0] = command, str(Path(command[0]).parent)
        runpy.run_path(command[0], run_name="__main__")


if __name__ == "__main__":
    main()
