"""A real HTTP server that misbehaves as told, and both drivers to meet it with."""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from ikigai_core.config import Config
from ikigai_core.procedure import Procedure
from ikigai_core.transport.aio import AsyncDriver
from ikigai_core.transport.retry import RetryPolicy
from ikigai_core.transport.sync import SyncDriver

KEY = "a-key-that-nobody-may-see"


@dataclass
class Exchange:
    """What the server is told to answer to one request; `cut` closes the connection instead."""

    status: int = 200
    body: Any = field(default_factory=dict)
    headers: dict[str, str] = field(default_factory=dict)
    cut: bool = False


class Misbehaving:
    """Answers requests from a script; the last entry is repeated."""

    def __init__(self) -> None:
        self.script: list[Exchange] = [Exchange()]
        self.requests: list[tuple[str, str, dict[str, str], bytes]] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = self.rfile.read(length)
                headers = {name.lower(): value for name, value in self.headers.items()}
                owner.requests.append((self.command, self.path, headers, body))
                exchange = owner.script.pop(0) if len(owner.script) > 1 else owner.script[0]
                if exchange.cut:
                    self.close_connection = True
                    self.connection.close()
                    return
                answer = exchange.body if isinstance(exchange.body, bytes) else json.dumps(exchange.body).encode()
                self.send_response(exchange.status)
                for name, value in {"Content-Length": str(len(answer)), **exchange.headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(answer)

            do_POST = do_PUT = do_GET

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture
def server() -> Iterator[Misbehaving]:
    server = Misbehaving()
    yield server
    server.close()


def sync_drive(config: Config, policy: RetryPolicy, procedure: Procedure[Any]) -> Any:
    driver = SyncDriver(config, policy)
    try:
        return driver.run(procedure)
    finally:
        driver.close()


def async_drive(config: Config, policy: RetryPolicy, procedure: Procedure[Any]) -> Any:
    async def main() -> Any:
        driver = AsyncDriver(config, policy)
        try:
            return await driver.run(procedure)
        finally:
            await driver.aclose()

    return asyncio.run(main())


Perform = Callable[[Config, RetryPolicy, Procedure[Any]], Any]


@pytest.fixture(params=[sync_drive, async_drive], ids=["requests", "httpx"])
def perform(request: pytest.FixtureRequest) -> Perform:
    """Perform a procedure with one of the drivers."""
    chosen: Perform = request.param
    return chosen


@pytest.fixture
def drive(perform: Perform, server: Misbehaving) -> Callable[[Procedure[Any]], Any]:
    """Perform a procedure against the server, with hardly a pause between tries."""
    config = Config("bob@example.com", KEY, server.url, connect_timeout=2.0, read_timeout=5.0, user_agent="test/1")
    policy = RetryPolicy(first=0.01, longest=0.05)
    return lambda procedure: perform(config, policy, procedure)
