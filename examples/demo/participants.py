"""Who does the job: the plain client and three orchestrators, each in an environment and a process of its own."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

DEMO = Path(__file__).resolve().parent
ENVIRONMENTS = DEMO.parent.parent / ".venvs"

_PATIENCE = 12.0
_print_lock = threading.Lock()


class FailedError(Exception):
    """A participant did not do the job; the message says why."""


@dataclass(frozen=True)
class Participant:
    """One who does the job.

    Attributes
    ----------
    name : str
        As in the script's name, ``run_<name>.py``.
    title : str
        As in the table.
    environment : str
        The virtual environment below ``.venvs``.
    agent : str
        How its requests' user agent begins.
    """

    name: str
    title: str
    environment: str
    agent: str

    def start(self, folder: Path, credentials: dict[str, str]) -> Job:
        """Start the job in a folder of its own.

        Raises
        ------
        FailedError
            The environment has not been made.
        """
        python = ENVIRONMENTS / self.environment / "bin" / "python"
        if not python.exists():
            raise FailedError(f"{python} is not there: `make demo` makes it")
        return Job(self, python, folder, credentials)


class Job:
    """A participant's process, which leads a process group of its own. Its output is shown line by line."""

    def __init__(self, participant: Participant, python: Path, folder: Path, credentials: dict[str, str]) -> None:
        self.participant = participant
        self._result_file = folder / f"{participant.name}.json"
        work_dir = folder / participant.name
        work_dir.mkdir()
        command = [str(python), str(DEMO / f"run_{participant.name}.py")]
        command += ["--result", str(self._result_file), "--work-dir", str(work_dir)]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, **credentials, "PYTHONUNBUFFERED": "1"},
            cwd=work_dir,
            text=True,
            errors="replace",
            start_new_session=True,
        )
        self._last_complaint: deque[str] = deque(maxlen=1)
        self._readers = [
            threading.Thread(target=self._show, args=(stream, lines), daemon=True)
            for stream, lines in ((self._process.stdout, None), (self._process.stderr, self._last_complaint))
        ]
        for reader in self._readers:
            reader.start()

    def result(self) -> dict[str, Any]:
        """Wait until the job is done, and return what it reports.

        Raises
        ------
        FailedError
            With the reason.
        """
        code = self._process.wait()
        self.end()
        for reader in self._readers:
            reader.join(_PATIENCE)
        if code:
            raise FailedError(next(iter(self._last_complaint), f"exit status {code}"))
        result: dict[str, Any] = json.loads(self._result_file.read_text())
        if result["status"] != "SUCCESS":
            raise FailedError(f"the run is {result['status']}")
        return result

    def terminate(self) -> None:
        """Ask the process to end; it ends its own."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)

    def end(self) -> None:
        """End what is left of the process group, gently first."""
        self.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_PATIENCE)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)

    def _show(self, stream: IO[str], kept: deque[str] | None) -> None:
        for line in stream:
            if line.strip():
                if kept is not None:
                    kept.append(line.strip())
                say(self.participant.name, line.rstrip())


def say(who: str, line: str) -> None:
    """Print a line with the name of who says it in front."""
    with _print_lock:
        print(f"{who:>8} | {line}", flush=True)


def fail(message: str) -> None:
    """Print why the demo failed."""
    with _print_lock:
        sys.stdout.flush()
        print(f"demo: {message}", file=sys.stderr, flush=True)
