"""Processes with programs of the tests, forked from one that has imported the client, which takes half a second."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from ikigai_core.local.fork_server import ForkedProcess, ForkServer

HERE = Path(__file__).parent
CHAOS = HERE.parent / "chaos"
FOLDERS = {
    "ensurer": HERE / "components",
    "mortal": HERE / "runs",
    "mortal_upload": HERE / "transfer",
    "plain_worker": CHAOS,
    "proxy_server": CHAOS,
    "racer": HERE / "runs",
}
CLIENTS = ("ikigai_core.client", "ikigai_core.async_client", "ikigai_core.transport.sync", "ikigai_core.transport.aio")
COMPONENTS = tuple(f"ikigai_core.components.{name}" for name in ("app", "dataset", "ensuring", "flow", "model"))


class Helper:
    """A process that gets orders and answers them, a line each."""

    def __init__(self, process: ForkedProcess, orders: Path, answers: int) -> None:
        self.process = process
        # So this waits for nobody who reads, and a line reaches whoever does.
        self._orders = os.fdopen(os.open(orders, os.O_RDWR), "w")
        self._answers = os.fdopen(answers)

    def tell(self, line: str) -> None:
        self._orders.write(f"{line}\n")
        self._orders.flush()

    def says(self) -> str:
        """A line; nothing if it ended before it had said a whole one."""
        line = self._answers.readline()
        return line.strip() if line.endswith("\n") else ""

    def end(self) -> None:
        self.process.kill()
        self.process.wait()
        self._orders.close()
        self._answers.close()


class Helpers:
    """Starts them."""

    def __init__(self) -> None:
        # The programs of chaos share modules with its tests.
        folders = {HERE.parents[1], *FOLDERS.values()}
        environment = os.environ | {"PYTHONPATH": os.pathsep.join(map(str, folders))}
        self._server = ForkServer(tuple(FOLDERS), environment, imports=(*CLIENTS, *COMPONENTS))

    def start(
        self, program: str, arguments: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
    ) -> Helper:
        """Start a program in a folder; its first argument is the path of what it reads orders from."""
        orders = folder / f"orders-{uuid.uuid4().hex[:8]}"
        os.mkfifo(orders)
        answers, theirs = os.pipe()
        process = self._server.start(
            program, [str(orders), *arguments], folder=folder, stdout=theirs, stderr=2, environment=environment
        )
        os.close(theirs)
        return Helper(process, orders, answers)

    @contextmanager
    def running(
        self, program: str, arguments: Sequence[str], folder: Path, environment: Mapping[str, str] | None = None
    ) -> Iterator[Helper]:
        """Run a program for a while, as `start` does."""
        helper = self.start(program, arguments, folder, environment)
        try:
            yield helper
        finally:
            helper.end()

    def stop(self) -> None:
        self._server.stop()
