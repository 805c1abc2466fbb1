"""Processes of Dagster, forked from one that has imported it: each would do so for seconds of computing.

They are processes like any other: with an environment, a session and a log of their own, and they can be killed.
"""

from __future__ import annotations

import gc
import multiprocessing
import os
import runpy
import sys
import warnings
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from importlib.metadata import entry_points
from multiprocessing import context, forkserver, util
from multiprocessing.context import ForkServerProcess
from pathlib import Path
from types import ModuleType
from typing import Any

FORKS = multiprocessing.get_context("forkserver")
_imported = [
    "dagster._cli",
    "dagster._core.definitions.antlr_asset_selection.antlr_asset_selection",
    "dagster._core.execution.plan.active",
    "dagster._core.executor.in_process",
    "dagster._core.instance.factory",
    "dagster._core.storage.sqlite_storage",
    "dagster_ikigai.components.app_component",
    "dagster_ikigai.components.flow_component",
    "dagster_ikigai.ops",
    "dagster_ikigai.runs.execution",
    "ikigai_core.orchestration.data_profile",
    "ikigai_core.transport.sync",
    "pandas",
    "pytest",
    "tests.dagster_ikigai.databases",
    "upath.implementations.local",
]


def with_imports(*modules: str) -> None:
    """Say what else processes have imported when they start; only before the first of them does."""
    _imported.extend(modules)
    FORKS.set_forkserver_preload(_imported)


with_imports()


def start(
    work: Callable[..., object], *arguments: Any, environment: Mapping[str, str], folder: Path, log: Path
) -> ForkServerProcess:
    """Call a function in a process, whose output goes to the end of a log.

    Parameters
    ----------
    work : callable
        A function of a module.
    *arguments
    environment : mapping
        Its whole environment.
    folder : Path
        Where it works.
    log : Path
    """
    process = FORKS.Process(target=_work, args=(work, arguments, dict(environment), folder, log))
    process.start()
    return process


def command(name: str, *arguments: str) -> None:
    """Do what a command of this environment does: ``dg``, ``dagster``, ``dagster-daemon``; runs and steps are forks."""
    [found] = entry_points(group="console_scripts", name=name)
    _be_a_script(str(Path(sys.executable).with_name(name)), *arguments)
    _have_others_forked()
    sys.exit(found.load()())


def script(path: str, *arguments: str) -> None:
    """Do what ``python`` does with a file and arguments."""
    _be_a_script(path, *arguments)
    runpy.run_path(path, run_name="__main__")


def _be_a_script(*argv: str) -> None:
    sys.argv = list(argv)
    sys.path.insert(0, str(Path(argv[0]).parent))


def _work(
    work: Callable[..., object], arguments: tuple[Any, ...], environment: dict[str, str], folder: Path, log: Path
) -> None:
    os.setsid()
    gc.freeze()
    with log.open("ab") as opened:
        os.dup2(opened.fileno(), 1)
        os.dup2(opened.fileno(), 2)
    os.chdir(folder)
    os.environ.clear()
    os.environ.update(environment)
    sys.path[:0] = filter(None, environment.get("PYTHONPATH", "").split(os.pathsep))
    # What an interpreter reads when it starts.
    if environment.get("PYTHONWARNINGS") == "ignore":
        warnings.simplefilter("ignore")
    # Processes that it starts do not import the one of pytest.
    sys.modules["__main__"] = ModuleType("__main__")
    work(*arguments)


def _have_others_forked() -> None:
    """Let runs and steps that this process spawns be forked from a copy of it as it is now."""
    context._concrete_contexts["spawn"] = FORKS  # type: ignore[attr-defined]
    util.spawnv_passfds = _fork_a_server  # type: ignore[attr-defined]
    forkserver.ensure_running()


def _fork_a_server(path: str, args: Sequence[str], passfds: Sequence[int]) -> int:
    pid = os.fork()
    if pid:
        return pid
    try:
        # Others that it had open would stay so as long as it runs.
        _close_all_but({0, 1, 2, *passfds})
        forkserver._forkserver.ensure_running = lambda: None  # type: ignore[attr-defined]
        exec(args[-1])
    finally:
        os._exit(0)


def _close_all_but(kept: set[int]) -> None:
    for number in {int(path.name) for path in Path("/proc/self/fd").iterdir()} - kept:
        with suppress(OSError):
            os.close(number)
