"""Flow runs in processes of their own, which may be killed and run again, as by a worker."""

from __future__ import annotations

import contextlib
import json
import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar
from uuid import UUID

import prefect
from prefect.client.schemas.objects import FlowRun
from prefect.states import Cancelled, Cancelling, Crashed, Pending

from .programs import Program
from .servers import PrefectServer

_PROGRAM = str(Path(__file__).with_name("flow_process.py"))

T = TypeVar("T")


class FlowProcesses:
    """Runs flow runs in processes; a context manager that ends them.

    Parameters
    ----------
    server : PrefectServer
    file : Path
        The module with the flows.
    log : Path
        Where they write what goes to the terminal.
    look_for : float, default 3
        Seconds for which a start that got lost is looked for.
    """

    def __init__(self, server: PrefectServer, file: Path, log: Path, *, look_for: float = 3.0) -> None:
        self._server, self._file, self._log, self._look_for = server, file, log, look_for
        self._lock = threading.Lock()
        self._running: dict[UUID, Program] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for program in self._alive():
            program.send(signal.SIGKILL)

    def pids(self) -> list[int]:
        """The processes that run now."""
        return [program.pid for program in self._alive()]

    def create(self, flow: prefect.Flow[..., Any], **parameters: Any) -> UUID:
        """Ask Prefect's server for a flow run; return its id."""
        return self._server.client.create_flow_run(flow, parameters=parameters).id

    def run(self, flow_run_id: UUID, flow: str, *, seconds: float = 120.0, **order: Any) -> FlowRun:
        """Run, or go on with, a flow run in a process until that ends; return what the server says of it then.

        One that died leaves its flow run crashed, as a worker would tell the server.
        """
        self._set(flow_run_id, Pending())
        order |= {"file": str(self._file), "flow": flow, "flow_run_id": str(flow_run_id), "look_for": self._look_for}
        program = self._server.programs.start(_PROGRAM, json.dumps(order), log=self._log)
        with self._lock:
            self._running[flow_run_id] = program
        with contextlib.suppress(TimeoutError):
            program.wait(seconds)
        program.end(signal.SIGKILL)
        return self.ended(flow_run_id)

    def ended(self, flow_run_id: UUID) -> FlowRun:
        """What the server says of a flow run whose process is gone."""
        state = self._read(flow_run_id).state
        if state is not None and state.is_cancelling():
            self._set(flow_run_id, Cancelled())
        elif state is None or not state.is_final():
            self._set(flow_run_id, Crashed())
        return self._read(flow_run_id)

    def cancel(self, flow_run_id: UUID) -> None:
        """What a user's click on Cancel does, and a worker then."""
        self._set(flow_run_id, Cancelling())
        with contextlib.suppress(KeyError):
            self._running[flow_run_id].send(signal.SIGTERM)

    def _read(self, flow_run_id: UUID) -> FlowRun:
        return insist(lambda: self._server.flow_run(flow_run_id))

    def _set(self, flow_run_id: UUID, state: Any) -> None:
        insist(lambda: self._server.client.set_flow_run_state(flow_run_id, state, force=True))

    def _alive(self) -> list[Program]:
        with self._lock:
            return [program for program in self._running.values() if program.is_alive]


def insist(ask: Callable[[], T], seconds: float = 120.0) -> T:
    """Ask a server that may be away."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)
