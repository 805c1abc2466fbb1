"""Processes that are forked: they have what is theirs, and end as others do."""

from __future__ import annotations

import json
import os
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ikigai_core.local.fork_server import ForkedProcess, ForkServer

MODULE = """
import json, os, signal, subprocess, sys, time

def main(arguments):
    what, *rest = arguments
    if what == "say":
        print(json.dumps({"folder": os.getcwd(), "environment": dict(os.environ), "stdin": sys.stdin.read()}))
        return int(rest[0])
    if what == "raise":
        raise ValueError("no luck")
    if what == "exit":
        sys.exit(4)
    if what == "die":
        os.kill(os.getpid(), signal.SIGSEGV)
    if what == "sleep":
        print(subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"]).pid, flush=True)
        time.sleep(600)
    if what == "order":
        from ikigai_core.local.fork_server import ForkServer
        server = ForkServer.of_this_process()
        if server is None:
            print("none", flush=True)
            return 0
        with open("log-other", "wb") as log:
            output = {"stdout": log.fileno(), "stderr": log.fileno()}
            process = server.start("forkable", ["sleep"], folder=rest[0], **output)
        print(process.pid, flush=True)
        process.wait()
"""


class Started:
    """A process and what it says."""

    def __init__(self, server: ForkServer, folder: Path, *arguments: str) -> None:
        self._log = folder / "log"
        with self._log.open("wb") as log:
            output = {"stdout": log.fileno(), "stderr": log.fileno()}
            self.process: ForkedProcess = server.start("forkable", arguments, folder=folder, **output)

    def said(self) -> str:
        return self._log.read_text()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ForkServer]:
    (tmp_path / "forkable.py").write_text(MODULE)
    server = ForkServer(["forkable"], {"PYTHONPATH": str(tmp_path), "ITS_OWN": "yes"})
    yield server
    server.stop()


def is_gone(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except FileNotFoundError:
        return True


def test_a_process_has_its_folder_and_environment_and_nothing_to_read(
    server: ForkServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SOME_TOKEN", "of the starter")
    started = Started(server, tmp_path, "say", "3")
    assert started.process.wait() == started.process.poll() == 3
    said: dict[str, Any] = json.loads(started.said())
    assert (said["folder"], said["stdin"], said["environment"]["ITS_OWN"]) == (str(tmp_path), "", "yes")
    assert "SOME_TOKEN" not in said["environment"]


@pytest.mark.parametrize(("what", "code"), [("raise", 1), ("exit", 4), ("die", -signal.SIGSEGV)])
def test_its_end_is_told_however_it_comes_about(server: ForkServer, tmp_path: Path, what: str, code: int) -> None:
    started = Started(server, tmp_path, what)
    assert started.process.wait() == code
    assert ("no luck" in started.said()) == (what == "raise")


def test_a_kill_ends_it_with_its_children(server: ForkServer, tmp_path: Path, until: Callable[..., Any]) -> None:
    started = Started(server, tmp_path, "sleep")
    child = int(until(started.said))
    assert started.process.poll() is None
    started.process.kill()
    assert started.process.wait() == -signal.SIGKILL
    until(lambda: is_gone(child))


def test_it_ends_with_its_starter(server: ForkServer, tmp_path: Path, until: Callable[..., Any]) -> None:
    started = Started(server, tmp_path, "sleep")
    child = int(until(started.said))
    pid = started.process.pid
    # What the end of the starter does.
    started.process._said.close()
    started.process._connection.close()
    until(lambda: is_gone(child) and is_gone(pid))


def test_a_server_that_was_killed_is_replaced_and_what_it_started_goes_on(
    server: ForkServer, tmp_path: Path, until: Callable[..., Any]
) -> None:
    (tmp_path / "other").mkdir()
    asleep = Started(server, tmp_path / "other", "sleep")
    until(asleep.said)
    assert server._server is not None
    os.kill(server._server.pid, signal.SIGKILL)
    server._server.wait()
    assert Started(server, tmp_path, "say", "0").process.wait() == 0
    assert asleep.process.poll() is None
    asleep.process.kill()
    assert asleep.process.wait() == -signal.SIGKILL


def test_a_process_that_may_has_others_forked_which_end_with_it(
    server: ForkServer, tmp_path: Path, until: Callable[..., Any]
) -> None:
    for may in (True, False):
        log = tmp_path / f"log-{may}"
        with log.open("wb") as output:
            process = server.start(
                "forkable",
                ["order", str(tmp_path)],
                folder=tmp_path,
                stdout=output.fileno(),
                stderr=output.fileno(),
                may_start_others=may,
            )
        said = until(log.read_text)
        if may:
            assert server._server is not None
            assert _parent(int(said)) == server._server.pid
            process.kill()
            until(lambda pid=int(said): is_gone(pid))
        assert (process.wait() == -signal.SIGKILL) == may
        assert said.strip() == "none" or may


def test_the_end_of_its_starter_can_be_had_early(server: ForkServer, tmp_path: Path, until: Callable[..., Any]) -> None:
    started = Started(server, tmp_path, "sleep")
    child = int(until(started.said))
    started.process.end(60)
    assert started.process.wait() == -signal.SIGKILL
    until(lambda: is_gone(child))


def _parent(pid: int) -> int:
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
