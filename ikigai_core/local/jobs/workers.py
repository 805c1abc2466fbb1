"""Worker processes for heavy work, separate from the API and without its secrets."""

from __future__ import annotations

import os
import signal
import threading
from pathlib import Path

from ikigai_core.local.engine.connections import FILE_VARIABLE, PREFIX
from ikigai_core.local.fork_server import ForkedProcess, ForkServer
from ikigai_core.local.jobs.worker_modules import ENGINE, LEARNING_ENGINE, MODULES
from ikigai_core.local.problems import RunStoppedError

_KEPT = ("PATH", "HOME", "LANG", "LANGUAGE", "TZ", "TMPDIR", "PYTHONPATH", "VIRTUAL_ENV", "LD_LIBRARY_PATH")
_LOG = "worker.log"
_MOST_WORDS = 4000


class Workers:
    """The worker processes of a platform. They end with it in all cases."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._processes: dict[str, ForkedProcess] = {}
        # A platform that is forked itself shares the server that it comes from.
        self._server = ForkServer.of_this_process() or ForkServer(MODULES, clean_environment())
        self._environment = clean_environment()
        self._stopping = False

    def run(self, key: str, module: str, folder: Path, *arguments: str) -> int:
        """Run a module as a process in `folder` and wait for it.

        Parameters
        ----------
        key : str
            Identifies the process for `end`.
        module : str
            The module to run: `ENGINE`, `LEARNING_ENGINE`, `UPLOAD_CHECK`, `ARRIVING_UPLOAD` or `PROFILE`.
        folder : Path
            Working directory. A file there gets the output of the process.
        *arguments : str
            Arguments of the module.

        Returns
        -------
        int
            Exit code; negative if a signal ended the process.

        Raises
        ------
        RunStoppedError
            If the platform stops in the meantime.
        """
        with (folder / _LOG).open("wb") as log, self._lock:
            if self._stopping:
                raise RunStoppedError
            output = log.fileno()
            process = self._processes[key] = self._server.start(
                module,
                arguments,
                folder=folder,
                stdout=output,
                stderr=output,
                environment=self._environment,
                # Scripts of flows are forked, too.
                may_start_others=module in (ENGINE, LEARNING_ENGINE),
            )
        code = process.wait()
        with self._lock:
            del self._processes[key]
            # End the worker's child processes, too.
            process.kill()
            if self._stopping and code:
                raise RunStoppedError
        return code

    def end(self, key: str) -> None:
        """Kill a worker and its child processes, if it is running."""
        with self._lock:
            if key in self._processes:
                self._processes[key].kill()

    def stop(self) -> None:
        """Kill all workers, and start no more."""
        with self._lock:
            self._stopping = True
            for process in self._processes.values():
                process.kill()
            self._server.stop()


def last_words(folder: Path) -> str:
    """Return the end of a worker's output, for the platform's own log."""
    return (folder / _LOG).read_text(encoding="utf-8", errors="replace")[-_MOST_WORDS:].strip()


def ending(code: int) -> str:
    """Return a phrase about the end of a process with this exit code."""
    return f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"


def clean_environment() -> dict[str, str]:
    """Return the environment of a worker: what programs need and connections, without the platform's settings."""
    environment = {name: os.environ[name] for name in (*_KEPT, FILE_VARIABLE) if name in os.environ}
    environment |= {name: value for name, value in os.environ.items() if name.startswith(("LC_", PREFIX))}
    return environment | {"PYTHONUNBUFFERED": "1"}
