"""Hundreds of calls at once do not jam: a client has some under way, and the others wait for their turn."""

from __future__ import annotations

import asyncio
from typing import Any

from ikigai_core.api.call import get
from ikigai_core.config import Config
from ikigai_core.transport.aio import CALLS_AT_ONCE, AsyncDriver

CALLS = 200
FOR_MORE_TO_COME = 0.3


class SlowServer:
    """Keeps its first requests waiting until as many are under way as may be, and counts them."""

    def __init__(self) -> None:
        self.under_way = self.most = self.connections = self.closed = 0
        self.free = asyncio.Event()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        while await self._request(reader):
            self.under_way += 1
            self.most = max(self.most, self.under_way)
            if self.under_way == CALLS_AT_ONCE:
                asyncio.get_running_loop().call_later(FOR_MORE_TO_COME, self.free.set)
            await self.free.wait()
            self.under_way -= 1
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}")
        self.closed += 1
        writer.close()

    @staticmethod
    async def _request(reader: asyncio.StreamReader) -> bool:
        line = await reader.readline()
        while line.strip():
            line = await reader.readline()
        return bool(line)


async def crowd() -> SlowServer:
    slow = SlowServer()
    server = await asyncio.start_server(slow.serve, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    config = Config("bob@example.com", "key", f"http://127.0.0.1:{port}", connect_timeout=2.0)
    driver = AsyncDriver(config)
    call: Any = get("/component/anything", dict)
    assert await asyncio.gather(*(driver.send(call) for _ in range(CALLS))) == [{}] * CALLS
    await driver.aclose()
    server.close()
    while slow.connections - slow.closed:
        await asyncio.sleep(0.01)
    return slow


def test_calls_wait_for_their_turn_and_keep_their_connections() -> None:
    slow = asyncio.run(crowd())
    assert slow.most == CALLS_AT_ONCE
    assert slow.connections < 2 * CALLS_AT_ONCE
