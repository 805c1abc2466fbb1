"""The async driver, on httpx. No other module knows httpx."""

from __future__ import annotations

import asyncio
import inspect
import ssl
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, TypeVar

from tenacity import AsyncRetrying

from ikigai_core.api.call import Call
from ikigai_core.config import Config
from ikigai_core.errors import (
    AnswerLost,
    ConfigurationError,
    ConnectionFailed,
    IkigaiError,
)
from ikigai_core.procedure import Fetch, Pause, Procedure, SendParts, Step, Work
from ikigai_core.transfer.parts import CHUNK_SIZE, Part, check_download, read_etag
from ikigai_core.transfer.tasks import send_side_by_side
from ikigai_core.transport.answering import read_answer
from ikigai_core.transport.redaction import redact_http_logs, without_query
from ikigai_core.transport.retry import RetryPolicy

try:
    import httpx
except ImportError:
    raise ConfigurationError("AsyncIkigai needs httpx: pip install 'ikigai-core[async]'.") from None

A = TypeVar("A")
R = TypeVar("R")


class AsyncDriver:
    """Performs procedures on an event loop, which it never blocks."""

    def __init__(self, config: Config, policy: RetryPolicy | None = None) -> None:
        self._config = config
        self._policy = policy or RetryPolicy()
        self._clients: tuple[httpx.AsyncClient, httpx.AsyncClient] | None = None
        redact_http_logs()

    async def drive(self, procedure: Procedure[R]) -> R:
        """Perform a procedure's steps until it returns."""
        try:
            step = next(procedure)
            while True:
                try:
                    answer = await self._perform(step)
                except BaseException as error:
                    step = procedure.throw(error)
                else:
                    step = procedure.send(answer)
        except StopIteration as end:
            result: R = end.value
            return result

    async def aclose(self) -> None:
        """Close the connections."""
        clients, self._clients = self._clients, None
        for client in clients or ():
            await client.aclose()

    async def _perform(self, step: Step) -> Any:
        match step:
            case Call():
                return await self.send(step)
            case Pause(seconds):
                await asyncio.sleep(seconds)
                return time.monotonic()
            case Work(function) if inspect.iscoroutinefunction(function):
                return await function()
            case Work(function):
                return await asyncio.to_thread(function)
            case SendParts():
                return await send_side_by_side(step, self._put_part)
            case Fetch(url, path):
                return await self._retrying(repeatable=True)(self._download, url, path)

    async def send(self, call: Call[A]) -> A:
        """Send a call, again where that is safe, and return its answer."""
        result: A = await self._retrying(repeatable=call.repeatable)(self._exchange, call)
        return result

    def _retrying(self, *, repeatable: bool) -> AsyncRetrying:
        options = self._policy.options(repeatable=repeatable, connect_timeout=self._config.connect_timeout)
        return AsyncRetrying(**options)

    async def _connect(self) -> tuple[httpx.AsyncClient, httpx.AsyncClient]:
        if self._clients is None:
            # Reading the system's certificates takes tens of milliseconds of file access.
            context = await asyncio.to_thread(_ssl_context, self._config)
            timeout = httpx.Timeout(self._config.read_timeout, connect=self._config.connect_timeout)
            if self._clients is None:
                self._clients = (
                    httpx.AsyncClient(headers=self._config.headers, verify=context, timeout=timeout),
                    httpx.AsyncClient(headers=self._config.public_headers, verify=context, timeout=timeout),
                )
        return self._clients

    async def _exchange(self, call: Call[A]) -> A:
        client, _ = await self._connect()
        try:
            response = await client.request(
                call.method,
                f"{self._config.base_url}{call.path}",
                params=dict(call.query) or None,
                json=call.body,
            )
        except httpx.HTTPError as error:
            raise connection_error(error, f"{call.method} {call.path}", self._config.base_url) from None
        return read_answer(call, self._config, response.status_code, response.headers, response.content)

    async def _put_part(self, part: Part) -> str:
        etag: str = await self._retrying(repeatable=True)(self._put, part)
        return etag

    async def _put(self, part: Part) -> str:
        _, client = await self._connect()
        headers = {**part.headers, "Content-Length": str(part.size)}
        try:
            response = await client.put(part.url, content=_chunks(part), headers=headers)
        except httpx.HTTPError as error:
            raise connection_error(error, f"PUT {part}", without_query(part.url)) from None
        return read_etag(part, response.status_code, response.headers.get("ETag"), response.text)

    async def _download(self, url: str, path: Path) -> int:
        _, client = await self._connect()
        where = without_query(url)
        try:
            async with client.stream("GET", url, follow_redirects=True) as response:
                check_download(where, response.status_code)
                with await asyncio.to_thread(path.open, "wb") as file:
                    async for chunk in response.aiter_bytes(CHUNK_SIZE):
                        await asyncio.to_thread(file.write, chunk)
        except httpx.HTTPError as error:
            raise connection_error(error, "GET", where) from None
        return path.stat().st_size


async def _chunks(part: Part) -> AsyncIterator[bytes]:
    with part.open() as body:
        while chunk := await asyncio.to_thread(body.read, CHUNK_SIZE):
            yield chunk


def connection_error(error: httpx.HTTPError, what: str, where: str) -> IkigaiError:
    """What a failure of httpx means: never sent, or sent without an answer."""
    if isinstance(error, httpx.ConnectError) and isinstance(error.__context__, Exception) and _is_tls(error):
        return ConnectionFailed(f"No trusted connection to {where}: {error}", transient=False)
    if isinstance(error, httpx.UnsupportedProtocol):
        return ConnectionFailed(f"{where} is not a usable address.", transient=False)
    if isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError):
        return ConnectionFailed(
            f"Cannot reach {where} ({type(error).__name__}): is it running, and is this its address?"
        )
    return AnswerLost(f"{what} at {where} was sent, but no answer came back ({type(error).__name__}).")


def _is_tls(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            return True
        cause = cause.__cause__ or cause.__context__
    return False


def _ssl_context(config: Config) -> ssl.SSLContext | bool:
    if config.ssl is False:
        return False
    context = ssl.create_default_context(cafile=config.ca_bundle) if config.ca_bundle else httpx.create_ssl_context()
    if isinstance(config.ssl, str):
        context.load_cert_chain(config.ssl)
    elif isinstance(config.ssl, tuple):
        context.load_cert_chain(*config.ssl)
    return context
