"""``tools/supervise.py``: whatever happens to a command, nothing of it is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

SUPERVISE = Path(__file__).resolve().parents[2] / "tools" / "supervise.py"
# Far more than it takes, for machines that have other things to do.
TIMEOUT = 300

# Starts a process in a session of its own, as servers do, that does not end when asked to; and so on below it.
STUBBORN = """
import os, pathlib, signal, subprocess, sys, tempfile, time

signal.signal(signal.SIGTERM, signal.SIG_IGN)
pathlib.Path(tempfile.mkdtemp(), "file").touch()
if sys.argv[2] != "0":
    subprocess.Popen([sys.executable, __file__, sys.argv[1], str(int(sys.argv[2]) - 1), "wait"], start_new_session=True)
pathlib.Path(sys.argv[1], str(os.getpid())).touch()
try:
    while sys.argv[3] == "wait" or len(os.listdir(sys.argv[1])) < int(sys.argv[2]) + 1:
        time.sleep(0.05)
finally:
    pathlib.Path(sys.argv[1], "torn down").touch()
"""
GENERATIONS = 2


class Supervised:
    """A supervised command that has started stubborn processes, which write their ids into a folder."""

    def __init__(self, folder: Path, *, wait: bool) -> None:
        self.notes, self.temporary = folder / "notes", folder / "tmp"
        self.notes.mkdir()
        self.temporary.mkdir()
        program = folder / "stubborn.py"
        program.write_text(STUBBORN)
        command = [sys.executable, program, self.notes, str(GENERATIONS), "wait" if wait else "end"]
        self.process = subprocess.Popen(
            [sys.executable, SUPERVISE, *command],
            env={**os.environ, "TMPDIR": str(self.temporary)},
            stderr=subprocess.PIPE,
            text=True,
        )
        await_true(lambda: len(self._ids()) == GENERATIONS + 1)

    def leftovers(self) -> list[str]:
        """Processes and files that are still there."""
        running = [str(number) for number in self._ids() if not is_over(number)]
        return running + [str(path) for path in self.temporary.iterdir()]

    def end(self) -> None:
        """End all of it."""
        for number in self._ids():
            if psutil.pid_exists(number):
                psutil.Process(number).kill()
        self.process.kill()
        self.process.communicate()

    def _ids(self) -> list[int]:
        return [int(path.name) for path in self.notes.iterdir() if path.name.isdigit()]


def is_over(number: int) -> bool:
    """Whether a process has ended; one that has may still wait for its adoptive parent to take note."""
    try:
        return psutil.Process(number).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def await_true(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + TIMEOUT
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)


@pytest.fixture
def start(tmp_path: Path) -> Iterator[Callable[..., Supervised]]:
    started: list[Supervised] = []

    def make(*, wait: bool = True) -> Supervised:
        folder = tmp_path / str(len(started))
        folder.mkdir()
        started.append(supervised := Supervised(folder, wait=wait))
        return supervised

    yield make
    for supervised in started:
        supervised.end()


def test_what_a_command_leaves_behind_is_ended_with_it(start: Callable) -> None:
    supervised = start(wait=False)
    assert supervised.process.wait(TIMEOUT) == 0
    assert supervised.leftovers() == []


def test_an_interrupted_command_tears_down_and_leaves_nothing(start: Callable) -> None:
    interrupted = {number: start() for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    for number, supervised in interrupted.items():
        supervised.process.send_signal(number)
    for number, supervised in interrupted.items():
        assert supervised.process.wait(TIMEOUT) == 128 + number
        assert f"interrupted by {number.name}" in supervised.process.stderr.read()
        assert (supervised.notes / "torn down").exists()
        assert supervised.leftovers() == []


def test_a_second_interruption_is_not_waited_for(start: Callable) -> None:
    supervised = start()
    for _ in range(2):
        supervised.process.send_signal(signal.SIGINT)
        time.sleep(0.2)
    assert supervised.process.wait(TIMEOUT) == 128 + signal.SIGINT
    assert supervised.leftovers() == []


def test_nothing_is_left_where_one_is_killed(start: Callable) -> None:
    killed = [start() for _ in range(3)]
    for number, supervised in enumerate(killed):
        supervisor = psutil.Process(supervised.process.pid)
        (keeper,) = supervisor.children()
        command = next(child for child in keeper.children() if "wait" in child.cmdline())
        (supervisor, keeper, command)[number].kill()
    for supervised in killed:
        assert supervised.process.wait(TIMEOUT) != 0
        await_true(lambda supervised=supervised: supervised.leftovers() == [])


def test_nothing_is_left_where_the_starter_is_killed(start: Callable, tmp_path: Path) -> None:
    notes, temporary = tmp_path / "notes", tmp_path / "tmp"
    notes.mkdir()
    temporary.mkdir()
    program = tmp_path / "stubborn.py"
    program.write_text(STUBBORN)
    command = [sys.executable, str(SUPERVISE), sys.executable, str(program), str(notes), "0", "wait"]
    starter = subprocess.Popen(
        [sys.executable, "-c", f"import subprocess; subprocess.run({command!r})"],
        env={**os.environ, "TMPDIR": str(temporary)},
    )
    await_true(lambda: any(notes.iterdir()))
    started = psutil.Process(starter.pid).children(recursive=True)
    starter.kill()
    starter.wait()
    assert len(started) == 3
    await_true(lambda: all(is_over(process.pid) for process in started))
    assert list(temporary.iterdir()) == []


def test_orphans_that_end_are_taken_note_of(tmp_path: Path) -> None:
    orphan = "import os, pathlib, sys; pathlib.Path(sys.argv[1]).write_text(str(os.getpid()))"
    parent = "import subprocess, sys; subprocess.Popen([sys.executable, '-c', sys.argv[1], sys.argv[2]])"
    program = """
import pathlib, psutil, subprocess, sys, time

subprocess.run([sys.executable, "-c", *sys.argv[1:]], check=True)
note = pathlib.Path(sys.argv[3])
deadline = time.monotonic() + 300
while not note.exists() or not note.read_text() or psutil.pid_exists(int(note.read_text())):
    assert time.monotonic() < deadline, "the orphan is still there"
    time.sleep(0.05)
"""
    command = [sys.executable, "-c", program, parent, orphan, str(tmp_path / "note")]
    assert subprocess.run([sys.executable, SUPERVISE, *command]).returncode == 0


@pytest.mark.parametrize(("program", "status"), [("exit(3)", 3), ("import os; os.kill(os.getpid(), 9)", 137)])
def test_the_exit_status_is_the_commands(program: str, status: int) -> None:
    done = subprocess.run([sys.executable, SUPERVISE, sys.executable, "-c", program])
    assert done.returncode == status


def test_a_command_that_cannot_be_run_is_named(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, SUPERVISE, "no-such-program"], capture_output=True, text=True)
    assert done.returncode == 1
    assert "no-such-program cannot be run" in done.stderr
