"""Runs what the documents show, as its reader would: in a process and a folder of its own, on a local platform."""

from __future__ import annotations

import multiprocessing
import os
import runpy
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from ikigai_core.local.account import LocalAccount

from .documents import lay_out

pytest_plugins = ["ikigai_core.local.testing"]

# Programs run in forks of one process that has imported already what most of them need, as that takes longest.
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload(
    [
        "ikigai_core.client",
        "ikigai_core.components.app",
        "ikigai_core.components.directories",
        "ikigai_core.local.account",
        "ikigai_core.transport.sync",
        "pandas",
        "pyarrow.parquet",
        "pytest",
    ]
)


@pytest.fixture
def reader(ikigai_local: LocalAccount, tmp_path: Path) -> Path:
    """The folder of one who tries what a document shows, with the examples' data in it."""
    return lay_out(tmp_path)


@pytest.fixture
def run_program(ikigai_local: LocalAccount, reader: Path) -> Callable[[str], str]:
    """Runs a Python program in the reader's folder, with the platform's credentials, and returns what it prints.

    It must end well.
    """

    def run(text: str) -> str:
        (reader / "program.py").write_text(text)
        process = _FORKS.Process(target=_run, args=(reader, ikigai_local.environ()))
        process.start()
        process.join()
        printed = (reader / "printed").read_text()
        assert process.exitcode == 0, printed
        return printed

    return run


def _run(folder: Path, variables: Mapping[str, str]) -> None:
    with (folder / "printed").open("wb") as printed:
        for number in (1, 2):
            os.dup2(printed.fileno(), number)
    os.environ.update(variables)
    os.chdir(folder)
    sys.path[0] = str(folder)
    runpy.run_path("program.py", run_name="__main__")
