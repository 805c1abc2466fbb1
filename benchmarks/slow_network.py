"""A proxy that makes loopback a network: so many bytes a second for each connection, and a delay.

``python -m benchmarks.slow_network HOST:PORT BYTES_PER_SECOND ROUND_TRIP_SECONDS`` prints its URL and ends with its
standard input.
"""

from __future__ import annotations

import asyncio
import contextlib
import sys

_BLOCK = 64 << 10
_QUEUED_BLOCKS = 64


class _Direction:
    """Carries the bytes of a connection one way: each block leaves when it is its turn, and arrives a delay later."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, rate: float, delay: float) -> None:
        self._reader = reader
        self._writer = writer
        self._rate = rate
        self._delay = delay
        self._under_way: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue(_QUEUED_BLOCKS)

    async def carry(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._send())
            group.create_task(self._deliver())

    async def _send(self) -> None:
        loop = asyncio.get_running_loop()
        free_at = loop.time()
        while block := await self._reader.read(_BLOCK):
            free_at = max(free_at, loop.time()) + len(block) / self._rate
            await self._under_way.put((free_at + self._delay, block))
            await asyncio.sleep(max(free_at - loop.time(), 0))
        await self._under_way.put((0, b""))

    async def _deliver(self) -> None:
        loop = asyncio.get_running_loop()
        while True:
            at, block = await self._under_way.get()
            if not block:
                break
            await asyncio.sleep(max(at - loop.time(), 0))
            self._writer.write(block)
            await self._writer.drain()
        with contextlib.suppress(OSError):
            self._writer.write_eof()


async def serve(host: str, port: int, rate: float, round_trip: float) -> None:
    """Carry connections to `host` and `port` until standard input ends."""

    async def connect(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        far_reader, far_writer = await asyncio.open_connection(host, port, limit=_BLOCK)
        there = _Direction(reader, far_writer, rate, round_trip / 2)
        back = _Direction(far_reader, writer, rate, round_trip / 2)
        with contextlib.suppress(OSError, ExceptionGroup):
            await asyncio.gather(there.carry(), back.carry())
        for end in (writer, far_writer):
            end.close()

    server = await asyncio.start_server(connect, "127.0.0.1", 0, limit=_BLOCK)
    print(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}", flush=True)
    await asyncio.to_thread(sys.stdin.read)
    server.close()


if __name__ == "__main__":
    _host, _, _port = sys.argv[1].rpartition(":")
    asyncio.run(serve(_host, int(_port), float(sys.argv[2]), float(sys.argv[3])))
