"""The command line as its users have it: a process of its own, with the local platform in its environment.

Most are forked from one that has imported what commands need, which takes a tenth of the time.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import pandas as pd
import pytest

from ikigai_core import App
from ikigai_core.local.account import LocalAccount
from ikigai_core.local.control import LocalControl
from ikigai_core.local.fork_server import ForkedProcess, ForkServer

COMMAND = (sys.executable, "-m", "ikigai_core.cli")

_CLI = "ikigai_core.cli"
_HELPFUL = (
    "ikigai_core.cli.root",
    "ikigai_core.client",
    "ikigai_core.components.app",
    "ikigai_core.components.directories",
    "ikigai_core.transport.sync",
    "pandas",
    "pyarrow.csv",
    "rich.progress",
    "rich.table",
)


@dataclass(frozen=True)
class Watching:
    """A command that follows a run."""

    process: ForkedProcess
    stdout: IO[bytes]
    stderr: IO[str]

    def interrupt(self) -> None:
        """Press Ctrl-C."""
        os.kill(self.process.pid, signal.SIGINT)

    def end(self) -> tuple[int, str, str]:
        """Wait for its end; return its exit code, and the rest of its output and of its errors."""
        said = self.stderr.read()
        return self.process.wait(), _content(self.stdout).decode(), said


@dataclass(frozen=True)
class CommandLine:
    """Runs ``ikigai`` in a folder of its own."""

    environment: dict[str, str] = field(repr=False)
    folder: Path
    forks: ForkServer

    def __call__(self, *words: str, given: bytes = b"", **variables: str | None) -> subprocess.CompletedProcess[bytes]:
        """Run a command to its end; a variable of None is taken from its environment."""
        both = {**self.environment, **variables}
        environment = {name: value for name, value in both.items() if value is not None}
        if given or any(name.startswith("PYTHON") for name in variables):
            return self.start(*words, given=given, environment=environment)
        with TemporaryFile() as stdout, TemporaryFile() as stderr:
            output = {"stdout": stdout.fileno(), "stderr": stderr.fileno()}
            process = self.forks.start(_CLI, words, folder=self.folder, environment=environment, **output)
            code = process.wait()
            return subprocess.CompletedProcess(words, code, _content(stdout), _content(stderr))

    def start(
        self, *words: str, given: bytes = b"", environment: dict[str, str] | None = None
    ) -> subprocess.CompletedProcess[bytes]:
        """Run a command to its end in a new interpreter."""
        environment = self.environment if environment is None else environment
        return subprocess.run([*COMMAND, *words], env=environment, cwd=self.folder, input=given, capture_output=True)

    def text(self, *words: str) -> str:
        """What a command that ends well prints for people."""
        done = self(*words)
        assert done.returncode == 0, done.stderr.decode()
        return done.stdout.decode()

    def json(self, *words: str) -> Any:
        """What a command that ends well prints with ``--json``: that, and nothing else."""
        return json.loads(self.text(*words, "--json"))

    @contextmanager
    def watching(self, *words: str) -> Iterator[Watching]:
        """A command under way, which has said on standard error how far a run is."""
        said, stderr = os.pipe()
        with TemporaryFile() as stdout, os.fdopen(said) as said_file:
            output = {"stdout": stdout.fileno(), "stderr": stderr}
            process = self.forks.start(_CLI, words, folder=self.folder, environment=self.environment, **output)
            os.close(stderr)
            try:
                lines = [said_file.readline()]
                while not lines[-1].endswith("%\n"):
                    assert lines[-1], f"it ended before the run was under way: {lines}"
                    lines.append(said_file.readline())
                yield Watching(process, stdout, said_file)
            finally:
                process.kill()
                process.wait()

    def complaint(self, *words: str, status: int = 1, **variables: str | None) -> str:
        """The one line with which a command that ends badly says why."""
        done = self(*words, **variables)
        said = done.stderr.decode()
        assert (done.returncode, done.stdout) == (status, b""), said
        assert said.startswith("ikigai: ")
        assert said.count("\n") == 1
        return said


def _content(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


def _clean_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("IKIGAI_")}


@pytest.fixture(scope="session")
def forks() -> Iterator[ForkServer]:
    """What commands are forked from."""
    server = ForkServer([_CLI], _clean_environment(), imports=_HELPFUL)
    yield server
    server.stop()


@pytest.fixture
def _in_this_process() -> Iterator[None]:
    """A command that runs here leaves signals and warnings as they were."""
    before = signal.getsignal(signal.SIGINT)
    with warnings.catch_warnings():
        yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture
def ikigai(ikigai_local: LocalAccount, tmp_path: Path, forks: ForkServer) -> CommandLine:
    return CommandLine({**_clean_environment(), **ikigai_local.environ()}, tmp_path, forks)


@pytest.fixture
def stocked(app: App, flights: pd.DataFrame, document: dict[str, Any]) -> App:
    """An app with the dataset `flights` and the flow `Late flights`."""
    app.dataset.new("flights").df(flights).build()
    app.flow.new("Late flights").definition(document).build()
    return app


@dataclass(frozen=True)
class GatedFlow:
    """A flow whose runs end once the gate is open."""

    name: str
    control: LocalControl

    def open(self) -> None:
        self.control.outcome(self.name)
        self.control.finish(self.name)


@pytest.fixture
def gated(stocked: App, document: dict[str, Any], ikigai_local: LocalAccount) -> GatedFlow:
    flow = stocked.flow.new("Gated").definition(document).build()
    ikigai_local.control.outcome(flow.name, duration=3600)
    return GatedFlow(flow.name, ikigai_local.control)
