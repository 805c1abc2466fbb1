"""The client for Prefect's API."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from contextvars import ContextVar
from threading import Lock

from prefect.client.orchestration import SyncPrefectClient, get_client

from ikigai_core.forks import leave_alone, renew_after_fork


class _SharedClient:
    """A client for several threads. The first thread that needs it creates it. A forked process creates its own."""

    def __init__(self) -> None:
        self._reset()
        renew_after_fork(self)

    def _reset(self) -> None:
        self._lock = Lock()
        self._client: SyncPrefectClient | None = None
        self._closing = ExitStack()

    def after_fork(self) -> None:
        """Leave the client to the parent process."""
        leave_alone(self._client, self._closing)
        self._reset()

    def get(self) -> SyncPrefectClient:
        with self._lock:
            if self._client is None:
                self._client = self._closing.enter_context(get_client(sync_client=True))
            return self._client

    def close(self) -> None:
        self._closing.close()


_shared: ContextVar[_SharedClient | None] = ContextVar("prefect_ikigai_client", default=None)


@contextmanager
def prefect_client() -> Iterator[SyncPrefectClient]:
    """A blocking client. Async code uses it in threads."""
    shared = _shared.get()
    if shared is not None:
        yield shared.get()
        return
    with get_client(sync_client=True) as client:
        yield client


@contextmanager
def sharing_a_client() -> Iterator[None]:
    """Let all threads of an async task use one client. Prefect itself shares a client only in sync tasks.

    Creating a client takes about 30 ms of CPU time, and a run sends about a dozen requests to Prefect's server.
    """
    shared = _SharedClient()
    before = _shared.set(shared)
    try:
        yield
    finally:
        _shared.reset(before)
        shared.close()
