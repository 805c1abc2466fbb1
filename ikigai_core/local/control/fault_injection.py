"""Records every request, and applies ordered faults to it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ikigai_core.local.control.connections import transport_of
from ikigai_core.local.control.exchange import exchange_of, is_data
from ikigai_core.local.control.faults import Fault, Faults
from ikigai_core.local.control.journal import Entry, Journal, kept_body

_MESSAGE = "This fault was ordered through the control API"


class Interception:
    """Passes requests on to an application, unless a fault intervenes.

    Parameters
    ----------
    faults : Faults
        The ordered faults.
    journal : Journal
        Records the requests.
    """

    def __init__(self, faults: Faults, journal: Journal) -> None:
        self._faults = faults
        self._journal = journal

    async def pass_on(self, app: ASGIApp, scope: Scope, receive: Receive, send: Send, user: str) -> None:
        """Let `app` answer a request, unless a fault hits it."""
        body = b""
        if scope["method"] == "POST" and not is_data(scope["path"]):
            body, receive = await _read(receive)
        exchange = exchange_of(scope, Headers(scope=scope), kept_body(body), user)
        entry = self._journal.open(exchange)
        order = self._faults.pick(exchange)
        try:
            if order is None:
                await app(scope, receive, _noting(entry, send))
            else:
                entry.fault_id = order.fault_id
                await _spoil(order.fault, app, scope, receive, _noting(entry, send))
        except Exception:
            # An outer layer sends the answer.
            entry.status = 500
            raise
        finally:
            entry.close()


async def _spoil(fault: Fault, app: ASGIApp, scope: Scope, receive: Receive, send: Send) -> None:
    if fault.truncate:
        await asyncio.sleep(fault.delay)
        half = _HalfAnswer(send)
        await app(scope, receive, half)
        await _hang_up(transport_of(scope).close, receive)
        return
    goes_on = fault.status is None and not fault.cut
    if fault.when == "after" and not goes_on:
        await app(scope, receive, _swallow)
    if fault.when == "before" or not goes_on:
        await asyncio.sleep(fault.delay)
    if fault.cut:
        await _hang_up(transport_of(scope).abort, receive)
    elif fault.status is not None:
        await _answer(fault, fault.status)(scope, receive, send)
    else:
        await app(scope, receive, send if fault.when == "before" else _late(send, fault.delay))


def _answer(fault: Fault, status: int) -> Response:
    headers = {} if fault.retry_after is None else {"Retry-After": f"{fault.retry_after}"}
    if isinstance(fault.body, str):
        return Response(fault.body, status, headers, media_type="text/html")
    content = {"message": _MESSAGE} if fault.body is None else fault.body
    return JSONResponse(content, status, headers)


class _HalfAnswer:
    """Sends the first half of a body, with headers that announce the whole."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._left = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self._left = int(MutableHeaders(scope=message).get("content-length", "0")) // 2
            await self._send(message)
        elif message["type"] == "http.response.body" and self._left:
            body = message.get("body", b"")[: self._left]
            self._left -= len(body)
            await self._send({**message, "body": body, "more_body": True})


async def _read(receive: Receive) -> tuple[bytes, Receive]:
    """Read a request's body; return it, and a `receive` that repeats it."""
    body = bytearray()
    while True:
        message = await receive()
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    whole: list[Message] = [message if message["type"] == "http.disconnect" else {**message, "body": bytes(body)}]

    async def again() -> Message:
        return whole.pop() if whole else await receive()

    return bytes(body), again


def _noting(entry: Entry, send: Send) -> Send:
    async def note(message: Message) -> None:
        if message["type"] == "http.response.start":
            entry.status = message["status"]
            MutableHeaders(scope=message)["x-request-id"] = str(entry.number)
        await send(message)

    return note


def _late(send: Send, delay: float) -> Send:
    async def hold(message: Message) -> None:
        if message["type"] == "http.response.start":
            await asyncio.sleep(delay)
        await send(message)

    return hold


async def _swallow(message: Message) -> None:
    """Discard an answer."""


async def _hang_up(how: Callable[[], None], receive: Callable[[], Awaitable[Message]]) -> None:
    """Close the connection; return when the server has noticed."""
    how()
    while (await receive())["type"] != "http.disconnect":
        pass
