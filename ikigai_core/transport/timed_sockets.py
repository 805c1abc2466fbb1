"""Sockets of requests that also end with a time limit in total. The read timeout alone starts again with each byte."""

from __future__ import annotations

import http.client
import io
import socket
import ssl
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import NewConnectionError, ProtocolError
from urllib3.poolmanager import PoolManager, pool_classes_by_scheme

from ikigai_core.transport.limits import TimeLimit


class _Current(threading.local):
    limit: TimeLimit | None = None


_current = _Current()


@contextmanager
def within(limit: TimeLimit) -> Iterator[None]:
    """Apply a limit to all that this thread reads from connections of `TimedAdapter`."""
    _current.limit = limit
    try:
        yield
    finally:
        _current.limit = None


class _TimedReader(io.RawIOBase):
    """Reads from a socket. It waits for bytes as long as the socket does, but not beyond the limit."""

    def __init__(self, raw: io.RawIOBase, sock: socket.socket) -> None:
        self._raw = raw
        self._sock = sock
        self._timeout = sock.gettimeout()
        self.is_at_end = False

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int | None:
        limit = _current.limit
        if limit is None:
            return self._noted(self._read(buffer))
        self._sock.settimeout(limit.left if self._timeout is None else min(self._timeout, limit.left))
        if limit.is_over:
            raise TimeoutError("The request took longer in total than it may.")
        size: int | None = self._read(buffer)
        limit.moved(size or 0)
        return self._noted(size)

    def _noted(self, size: int | None) -> int | None:
        self.is_at_end = size == 0
        return size

    def _read(self, buffer: Any) -> int | None:
        try:
            return self._raw.readinto(buffer)
        except ssl.SSLError as error:
            # This late in a connection, only a refusal of the client's certificate arrives as a TLS error.
            if "CERTIFICATE" in (error.reason or ""):
                raise
            raise ConnectionAbortedError(str(error)) from error

    def close(self) -> None:
        self._raw.close()
        super().close()


class _TimedResponse(http.client.HTTPResponse):
    def __init__(self, sock: socket.socket, *args: Any, **options: Any) -> None:
        super().__init__(sock, *args, **options)
        raw: Any = self.fp
        self._reader = _TimedReader(raw.detach(), sock)
        self.fp = io.BufferedReader(self._reader)

    def begin(self) -> None:
        super().begin()
        # The standard library takes headers that are cut off for complete ones, and the answer for an empty one.
        if self._reader.is_at_end:
            raise ConnectionAbortedError("The connection was cut within the headers of an answer.")

    def _read_status(self) -> tuple[str, int, str]:
        # The standard library takes interim answers other than 100 for the answer. The next request would get the real
        # answer.
        version, status, reason = super()._read_status()  # type: ignore[misc]
        while 100 < status < 200 and status != http.HTTPStatus.SWITCHING_PROTOCOLS:
            http.client.parse_headers(self.fp)
            version, status, reason = super()._read_status()  # type: ignore[misc]
        return version, status, reason


class _TimedConnection(HTTPConnection):
    response_class = _TimedResponse

    def connect(self) -> None:
        try:
            super().connect()
        except (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError) as error:
            # TLS, or the way through a proxy, was cut before it was agreed: no request was sent, and trust was not
            # refused.
            raise NewConnectionError(self, str(error)) from error

    def getresponse(self) -> Any:
        try:
            return super().getresponse()
        except ConnectionError as error:
            # The request was sent. By now urllib3 has forgotten that it reached a proxy, and would deny it.
            raise ProtocolError("Connection aborted.", error) from error


class _TimedTlsConnection(_TimedConnection, HTTPSConnection):
    pass


class _TimedPool(HTTPConnectionPool):
    ConnectionCls = _TimedConnection


class _TimedTlsPool(HTTPSConnectionPool):
    ConnectionCls = _TimedTlsConnection


_POOLS = {"http": _TimedPool, "https": _TimedTlsPool}


class TimedAdapter(HTTPAdapter):
    """The adapter of requests, with connections that obey `within`."""

    def init_poolmanager(self, *args: Any, **options: Any) -> None:  # noqa: D102 - as in requests
        super().init_poolmanager(*args, **options)
        _time(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **options: Any) -> Any:  # noqa: D102 - as in requests
        manager = super().proxy_manager_for(proxy, **options)
        _time(manager)
        return manager


def _time(manager: PoolManager) -> None:
    # A SOCKS proxy has connections of its own.
    if manager.pool_classes_by_scheme is pool_classes_by_scheme:
        manager.pool_classes_by_scheme = _POOLS
