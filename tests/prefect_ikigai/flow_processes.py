"""Flow runs in processes of their own, which may be killed and run again, as by a worker."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from uuid import UUID

import prefect
from prefect.client.orchestration import SyncPrefectClient, get_client
from prefect.client.schemas.objects import FlowRun
from prefect.states import Cancelled, Cancelling, Crashed, Pending

ROOT = Path(__file__).parents[2]
_PROGRAM = str(Path(__file__).with_name("flow_process.py"))


class FlowProcesses:
    """Runs flow runs in processes; a context manager that ends them.

    Parameters
    ----------
    file : Path
        The module with the flows.
    log : Path
        Where they write what goes to the terminal.
    environment : mapping, optional
    look_for : float, default 3
        Seconds for which a start that got lost is looked for.
    """

    def __init__(
        self, file: Path, log: Path, environment: Mapping[str, str] | None = None, *, look_for: float = 3.0
    ) -> None:
        self._file, self._log, self._look_for = file, log, look_for
        self._environment = dict(environment or {})
        self._lock = threading.Lock()
        self._running: dict[UUID, int] = {}

    def __enter__(self) -> Self:
        paths = [str(ROOT), *filter(None, [os.environ.get("PYTHONPATH")])]
        self._process = subprocess.Popen(
            [sys.executable, _PROGRAM],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(paths)},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log.open("a"),
            text=True,
        )
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for pid in self.pids():
            kill(pid)
        self._process.kill()
        self._process.communicate()

    def pids(self) -> list[int]:
        """The processes that run now."""
        with self._lock:
            return [pid for pid in self._running.values() if is_alive(pid)]

    def create(self, flow: prefect.Flow[..., Any], **parameters: Any) -> UUID:
        """Ask Prefect's server for a flow run; return its id."""
        with get_client(sync_client=True) as client:
            return client.create_flow_run(flow, parameters=parameters).id

    def begin(self, flow_run_id: UUID, flow: str, **order: Any) -> int:
        """Start a process that runs, or goes on with, a flow run; return its process id."""
        with get_client(sync_client=True) as client:
            _set(client, flow_run_id, Pending())
        order |= {"file": str(self._file), "log": str(self._log), "flow": flow, "flow_run_id": str(flow_run_id)}
        order |= {"environment": self._environment, "look_for": self._look_for}
        with self._lock:
            assert self._process.stdin is not None and self._process.stdout is not None
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.flush()
            pid = self._running[flow_run_id] = int(self._process.stdout.readline())
        return pid

    def run(self, flow_run_id: UUID, flow: str, *, seconds: float = 120.0, **order: Any) -> FlowRun:
        """Run a flow run in a process until that ends, and return what the server says of it then.

        One that died leaves its flow run crashed, as a worker would tell the server.
        """
        pid = self.begin(flow_run_id, flow, **order)
        deadline = time.monotonic() + seconds
        while is_alive(pid):
            if time.monotonic() > deadline:
                kill(pid)
            time.sleep(0.05)
        return self.ended(flow_run_id)

    def ended(self, flow_run_id: UUID) -> FlowRun:
        """What the server says of a flow run whose process is gone."""
        with get_client(sync_client=True) as client:
            flow_run = insist(lambda: client.read_flow_run(flow_run_id))
            state = flow_run.state
            if state is not None and state.is_cancelling():
                _set(client, flow_run_id, Cancelled())
            elif state is None or not state.is_final():
                _set(client, flow_run_id, Crashed())
            return insist(lambda: client.read_flow_run(flow_run_id))

    def cancel(self, flow_run_id: UUID) -> None:
        """What a user's click on Cancel does, and a worker then."""
        with get_client(sync_client=True) as client:
            _set(client, flow_run_id, Cancelling())
        with contextlib.suppress(ProcessLookupError, KeyError):
            os.kill(self._running[flow_run_id], signal.SIGTERM)


def insist(ask: Callable[[], Any], seconds: float = 120.0) -> Any:
    """Ask a server that may be away."""
    deadline = time.monotonic() + seconds
    while True:
        try:
            return ask()
        except Exception:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.5)


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def kill(pid: int) -> None:
    """End a process as a crash would."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _set(client: SyncPrefectClient, flow_run_id: UUID, state: Any) -> None:
    insist(lambda: client.set_flow_run_state(flow_run_id, state, force=True))
