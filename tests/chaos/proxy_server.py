"""The process of a faulting proxy: `python proxy_server.py UPSTREAM_URL SEED`, or forked. Standard library only.

It says its address in its first line, ends with its starter, and takes orders as JSON at `/_chaos`.
Requests and answers are held in memory: chaos has small ones.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import socket
import struct
import sys
import threading
from collections import Counter
from collections.abc import Coroutine
from dataclasses import asdict, dataclass, field
from typing import Any
from urllib.parse import urlsplit

_CONTROL = "/_chaos"
_BETWEEN_TRIES = 0.1
_REFUSALS = {"unavailable": (503, {}), "throttled": (429, {"Retry-After": "1"})}
_LARGEST_HEAD = 1 << 20


@dataclass
class Orders:
    """What is to go wrong; see `FaultingProxy.faults` and `FaultingProxy.hold`."""

    share: float = 0.0
    kinds: list[str] = field(default_factory=list)
    operations: list[str] = field(default_factory=list)
    slow: float = 2.0
    late_share: float = 0.0
    late_operations: list[str] = field(default_factory=list)
    late_seconds: list[float] = field(default_factory=lambda: [0.0, 0.0])
    late_hang_up: float = 0.0
    held: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Late:
    """A request that is delivered later than its sender waits; `status` is what it was answered in the end."""

    operation: str
    seconds: float
    body: str
    status: int | None = None


@dataclass(frozen=True)
class Message:
    """A request or an answer, as it was sent."""

    head: bytes
    body: bytes

    @property
    def raw(self) -> bytes:
        return self.head + self.body

    @property
    def words(self) -> list[str]:
        """The first line's."""
        return self.head.split(b"\r\n", 1)[0].decode("latin-1").split(" ", 2)

    @property
    def operation(self) -> str:
        """The last segment of a request's path."""
        return urlsplit(self.words[1]).path.rstrip("/").rpartition("/")[2]

    @property
    def status(self) -> int:
        return int(self.words[1])

    @property
    def is_last(self) -> bool:
        """Whether the sender closes the connection afterwards."""
        return _header(self.head, b"connection").lower() == b"close"


def _header(head: bytes, name: bytes) -> bytes:
    for line in head.split(b"\r\n")[1:]:
        key, _, value = line.partition(b":")
        if key.strip().lower() == name:
            return value.strip()
    return b""


async def _read(reader: asyncio.StreamReader, *, has_body: bool = True) -> Message:
    head = await reader.readuntil(b"\r\n\r\n")
    if not has_body or head.startswith((b"HTTP/1.1 204", b"HTTP/1.1 304")):
        return Message(head, b"")
    if _header(head, b"transfer-encoding").lower() == b"chunked":
        return Message(head, await _read_chunks(reader))
    return Message(head, await reader.readexactly(int(_header(head, b"content-length") or 0)))


async def _read_chunks(reader: asyncio.StreamReader) -> bytes:
    chunks = []
    while True:
        line = await reader.readuntil(b"\r\n")
        size = int(line.split(b";")[0], 16)
        chunks += [line, await reader.readexactly(size + 2)]
        if size == 0:
            return b"".join(chunks)


class Client:
    """One client's connection, and one of its own to the platform, so that neither is used for somebody else."""

    def __init__(self, proxy: Proxy, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._proxy, self._reader, self._writer = proxy, reader, writer
        self._upstream: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None

    async def serve(self) -> None:
        try:
            while await self._exchange():
                pass
        except (asyncio.IncompleteReadError, OSError):
            # Somebody left in the middle: so does the other.
            self._hang_up()
        finally:
            self._leave()
            self._writer.close()

    async def _exchange(self) -> bool:
        """Deal with one request; say whether there may be another."""
        request = await _read(self._reader)
        if request.words[1].startswith(_CONTROL):
            await self._answer(200, json.dumps(self._proxy.obey(request)).encode())
            return not request.is_last
        late = self._proxy.pick_late(request)
        if late is not None:
            self._proxy.background(self._proxy.deliver(request, late))
            await asyncio.sleep(late.hang_up)
            return self._hang_up()
        return await self._spoil(request, self._proxy.pick_fault(request)) and not request.is_last

    async def _spoil(self, request: Message, fault: str) -> bool:
        if fault in _REFUSALS:
            status, headers = _REFUSALS[fault]
            await self._answer(status, b'{"message": "The proxy refuses"}', headers)
            return True
        if fault == "reset":
            return self._hang_up()
        try:
            answer = await self._forward(request)
        except (asyncio.IncompleteReadError, OSError):
            self._leave()
            self._proxy.counts["away"] += 1
            await self._answer(502, b'{"message": "The proxy cannot reach the platform"}')
            return True
        if fault == "lost":
            return self._hang_up()
        if fault == "truncated":
            self._writer.write(answer.raw[: len(answer.head) + len(answer.body) // 2])
            with contextlib.suppress(OSError):
                await self._writer.drain()
            return False
        if fault == "slow":
            await asyncio.sleep(self._proxy.chance.uniform(0, self._proxy.orders.slow))
        self._writer.write(answer.raw)
        await self._writer.drain()
        return not answer.is_last

    async def _forward(self, request: Message) -> Message:
        if self._upstream is None or self._upstream[0].at_eof():
            self._leave()
            self._upstream = await self._proxy.connect()
        reader, writer = self._upstream
        writer.write(request.raw)
        await writer.drain()
        answer = await _read(reader, has_body=request.words[0] != "HEAD")
        if answer.is_last:
            self._leave()
        return answer

    async def _answer(self, status: int, body: bytes, headers: dict[str, str] | None = None) -> None:
        lines = [f"HTTP/1.1 {status} Chaos", "Content-Type: application/json", f"Content-Length: {len(body)}"]
        lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
        self._writer.write("\r\n".join(lines).encode() + b"\r\n\r\n" + body)
        await self._writer.drain()

    def _hang_up(self) -> bool:
        """Reset the connection; nothing that was written before is sure to arrive."""
        wire = self._writer.get_extra_info("socket")
        if wire is not None and wire.fileno() >= 0:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._writer.transport.abort()
        return False

    def _leave(self) -> None:
        if self._upstream is not None:
            self._upstream[1].close()
            self._upstream = None


@dataclass(frozen=True)
class Held:
    """How a request is held back: for how long, and how long its sender is kept waiting before the line goes dead."""

    seconds: float
    hang_up: float
    about: Late


class Proxy:
    def __init__(self, upstream: str, seed: str) -> None:
        address = urlsplit(upstream)
        self._host, self._port = address.hostname or "", address.port or 80
        self.chance = random.Random(seed)
        self.orders = Orders()
        self.counts: Counter[str] = Counter()
        self.late: list[Late] = []
        self._tasks: set[asyncio.Task[None]] = set()
        self._released = asyncio.Event()

    async def connect(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        return await asyncio.open_connection(self._host, self._port, limit=_LARGEST_HEAD)

    def obey(self, request: Message) -> Any:
        """Take an order, if there is one; tell what went wrong so far."""
        if request.body:
            order = json.loads(request.body)
            self.orders.held += order.pop("hold", [])
            if order.pop("deliver", False):
                self._released.set()
                self._released = asyncio.Event()
            for name, value in order.items():
                setattr(self.orders, name, value)
        waiting = sum(one.get("times", 1) for one in self.orders.held)
        return {"counts": self.counts, "late": [asdict(one) for one in self.late], "waiting": waiting}

    def pick_fault(self, request: Message) -> str:
        self.counts["requests"] += 1
        orders = self.orders
        is_meant = not orders.operations or request.operation in orders.operations
        # Only what is meant draws lots, so that the number of looks in between changes nothing.
        if not is_meant or not orders.kinds or self.chance.random() >= orders.share:
            return ""
        fault = self.chance.choice(orders.kinds)
        self.counts[fault] += 1
        return fault

    def pick_late(self, request: Message) -> Held | None:
        for one in self.orders.held:
            if one["operation"] == request.operation:
                one["times"] -= 1
                self.orders.held = [each for each in self.orders.held if each["times"] > 0]
                return self._hold(request, one["seconds"], one["hang_up"])
        orders = self.orders
        if request.operation in orders.late_operations and self.chance.random() < orders.late_share:
            return self._hold(request, self.chance.uniform(*orders.late_seconds), orders.late_hang_up)
        return None

    def _hold(self, request: Message, seconds: float, hang_up: float) -> Held:
        self.counts["requests"] += 1
        self.counts["late"] += 1
        self.late.append(Late(request.operation, seconds, request.body.decode("utf-8", "replace")))
        return Held(seconds, hang_up, self.late[-1])

    async def deliver(self, request: Message, held: Held) -> None:
        """Forward a request long after it was sent, once the platform is there."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._released.wait(), held.seconds)
        while held.about.status is None:
            try:
                reader, writer = await self.connect()
            except OSError:
                await asyncio.sleep(_BETWEEN_TRIES)
                continue
            with contextlib.suppress(OSError, asyncio.IncompleteReadError):
                writer.write(request.raw)
                held.about.status = (await _read(reader)).status
            held.about.status = held.about.status or 0
            writer.close()

    def background(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.get_running_loop().create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def serve(self) -> None:
        async def attend(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            await Client(self, reader, writer).serve()

        server = await asyncio.start_server(attend, "127.0.0.1", 0, limit=_LARGEST_HEAD, backlog=1024)
        sys.stdout.write(f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}\n")
        sys.stdout.flush()
        await server.serve_forever()


def main(arguments: list[str]) -> int:
    """Serve; arguments, of which the last two count: UPSTREAM_URL SEED."""
    asyncio.run(Proxy(*arguments[-2:]).serve())
    return 0


def _end_with_standard_input() -> None:
    sys.stdin.read()
    os._exit(0)


if __name__ == "__main__":
    threading.Thread(target=_end_with_standard_input, daemon=True).start()
    main(sys.argv)
