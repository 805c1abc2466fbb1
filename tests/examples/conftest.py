"""The demo as a user runs it, and what it leaves behind."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import time
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ROOT / ".venvs" / "core" / "bin" / "python"
MARK = "TEST_OF_THE_DEMO"


def wait_until(condition: Callable[[], bool], complaint: str, seconds: float = 300.0) -> None:
    """Wait for a condition to hold."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, complaint
        time.sleep(0.1)


class Demo:
    """A demo that runs.

    All of its processes are found by a mark in their environment, or, where they write over that, by their folder.
    """

    def __init__(self, examples: Path, names: str, temporary: Path) -> None:
        self.temporary = temporary
        self.mark = uuid.uuid4().hex
        temporary.mkdir()
        self.process = subprocess.Popen(
            [PYTHON, ROOT / "tools" / "supervise.py", PYTHON, examples / "demo", "--with", names],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={**os.environ, MARK: self.mark, "TMPDIR": str(temporary)},
            text=True,
            start_new_session=True,
        )

    def processes(self) -> list[psutil.Process]:
        """All that run, the demo itself among them."""
        return [process for process in psutil.process_iter() if self._is_ours(process)]

    def leftovers(self) -> list[str]:
        """Processes and files that are still there."""
        found = [f"{process.pid}: {process.name()}" for process in self.processes()]
        return found + [str(path) for path in self.temporary.iterdir()]

    def await_servers(self, *commands: str) -> None:
        """Wait until processes run whose command lines have these words in them."""

        def run(words: str) -> bool:
            return any(words in command for command in self._commands())

        wait_until(lambda: all(run(words) for words in commands), "the servers have not been started")

    def await_nothing_left(self) -> None:
        """Wait until neither processes nor files are there any more."""
        wait_until(lambda: not self.leftovers(), f"left behind: {self.leftovers()}")

    def end(self) -> None:
        """End all of it."""
        for process in self.processes():
            process.kill()
        self.process.communicate()

    def _commands(self) -> Iterator[str]:
        for process in self.processes():
            with contextlib.suppress(psutil.Error):
                yield " ".join(process.cmdline())

    def _is_ours(self, process: psutil.Process) -> bool:
        try:
            is_marked = process.environ().get(MARK) == self.mark or Path(process.cwd()).is_relative_to(self.temporary)
            return is_marked and process.status() != psutil.STATUS_ZOMBIE
        except psutil.Error:
            return False


@pytest.fixture
def start_demo(tmp_path: Path) -> Iterator[Callable[..., Demo]]:
    """Starts a demo; it is ended with the test."""
    demos: list[Demo] = []

    def start(names: str, examples: Path = ROOT / "examples") -> Demo:
        demos.append(demo := Demo(examples, names, tmp_path / f"tmp{len(demos)}"))
        return demo

    yield start
    for demo in demos:
        demo.end()


@pytest.fixture
def copied_examples(tmp_path: Path) -> Path:
    """A copy of the examples, for changing them; beside it the environments, as in the checkout."""
    (tmp_path / ".venvs").symlink_to(ROOT / ".venvs")
    return Path(shutil.copytree(ROOT / "examples", tmp_path / "examples"))
