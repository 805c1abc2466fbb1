"""Worker processes: each runs one flow, apart from the API and without its secrets."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

_WORKER = "ikigai_core.local.engine.worker"
_KEPT = ("PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH")


class Worker:
    """A process that runs the job in a folder and ends with this one.

    Parameters
    ----------
    folder : Path
        The job's folder; what the process says goes to ``worker.log`` in it.
    """

    def __init__(self, folder: Path) -> None:
        self._log = folder / "worker.log"
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "ikigai_core.local.lifeline", _WORKER, str(folder)],
                stdin=subprocess.PIPE,
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=clean_environment(),
                start_new_session=True,
            )

    def wait(self) -> int:
        """Wait for the process to end; return its exit code, negative if a signal ended it."""
        code = self._process.wait()
        if self._process.stdin is not None:
            self._process.stdin.close()
        # What the worker started ends with it.
        self._signal_group()
        return code

    def kill(self) -> None:
        """End the process and all that it started, now."""
        if self._process.poll() is None:
            self._signal_group()

    def last_words(self) -> str:
        """Return the end of what the process said, for the platform's own log."""
        return self._log.read_text(encoding="utf-8", errors="replace")[-4000:].strip()

    def _signal_group(self) -> None:
        try:
            os.killpg(self._process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass


def clean_environment() -> dict[str, str]:
    """Return the environment of a worker: what programs need to run, and nothing that the platform was told."""
    environment = {name: os.environ[name] for name in _KEPT if name in os.environ}
    environment |= {name: value for name, value in os.environ.items() if name.startswith("LC_")}
    return environment | {"PYTHONUNBUFFERED": "1"}
