"""Airflow's servers, each forked from one process that has imported what they share: that takes seconds of computing.

They are processes like those of the ``airflow`` command, with a session of their own, and can be killed.
"""

from __future__ import annotations

import importlib
import runpy
import sys
from pathlib import Path

import psutil

from ikigai_core.local.fork_server import ForkedProcess, ForkServer

ROOT = Path(__file__).parents[3]
PRELOADING = ROOT / "examples" / "demo" / "preload_airflow.py"
SHARED = (
    "airflow.__main__",
    "airflow.api_fastapi.execution_api.app",
    "airflow.api_fastapi.execution_api.routes",
    "airflow.cli.commands.dag_processor_command",
    "airflow.cli.commands.scheduler_command",
    "airflow.cli.commands.triggerer_command",
    "airflow.sdk.execution_time.coordinator",
    "airflow.sdk.execution_time.supervisor",
    "airflow.sdk.execution_time.task_runner",
    "jinja2.ext",
    "tests.airflow_provider_ikigai.lean",
)


class Server(psutil.Process):
    """A server that runs, as `psutil.Popen` has it."""

    def __init__(self, process: ForkedProcess) -> None:
        super().__init__(process.pid)
        self._process = process

    def poll(self) -> int | None:
        """Its exit code, once it has ended."""
        return self._process.poll()


class Servers(ForkServer):
    """Starts servers with such an environment."""

    def __init__(self, environment: dict[str, str]) -> None:
        super().__init__([__name__], {**environment, "PYTHONPATH": str(ROOT)}, imports=SHARED)

    def serve(self, name: str, *arguments: str, log: Path) -> Server:
        """Start what the command ``airflow`` starts with such arguments."""
        with log.open("a") as file:
            output = file.fileno()
            process = self.start(__name__, [name, *arguments], folder=Path.cwd(), stdout=output, stderr=output)
        return Server(process)


def main(arguments: list[str]) -> int:
    """Be a server, in a process of its own."""
    sys.argv = ["airflow", *arguments]
    importlib.import_module("tests.airflow_provider_ikigai.lean").run_lean()
    if "scheduler" in arguments:
        runpy.run_path(str(PRELOADING))
    importlib.import_module("tests.airflow_provider_ikigai.real.loop_watch")
    return int(importlib.import_module("airflow.__main__").main() or 0)
