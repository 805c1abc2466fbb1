"""The async driver, based on httpx. No other module imports httpx."""

from __future__ import annotations

import asyncio
import contextlib
import inspect
import os
import ssl
import time
from collections.abc import AsyncIterator, Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache, partial
from importlib import import_module
from pathlib import Path
from typing import Any, TypeVar

from tenacity import AsyncRetrying

from ikigai_core.api.call import Call
from ikigai_core.callbacks import is_async
from ikigai_core.config import Config
from ikigai_core.errors import (
    AccessRefusedError,
    AnswerLostError,
    ConfigurationError,
    ConnectionFailedError,
    IkigaiError,
)
from ikigai_core.forks import leave_alone, renew_after_fork
from ikigai_core.procedure import BlockingCall, Pause, Procedure, ProcessingTimeout, Step
from ikigai_core.transfer.parts import AT_ONCE, CHUNK_SIZE, Part, PartReader, cut, read_etag
from ikigai_core.transfer.ranges import FIRST, PLAIN, DownloadTarget, Range, is_of_use
from ikigai_core.transfer.steps import Fetch, SendParts
from ikigai_core.transfer.tasks import side_by_side
from ikigai_core.transport.key_rotation import Access
from ikigai_core.transport.limits import ENCODINGS, LARGEST_ERROR, Body, Pace, TimeLimit
from ikigai_core.transport.redaction import redact_http_logs, without_query
from ikigai_core.transport.responses import Answer, complete, read_answer
from ikigai_core.transport.retry import RetryPolicy

try:
    import httpx
except ImportError:
    raise ConfigurationError("AsyncIkigai needs httpx: pip install 'ikigai-core[async]'.") from None

A = TypeVar("A")
R = TypeVar("R")

CALLS_AT_ONCE = 16
"""Maximum number of concurrent calls of a client. Other calls wait.  If the event loop was blocked, all their answers
may be ready at once. Each answer takes 2 ms, so together they block the event loop for less than 50 ms.
"""


# If the platform ends a TLS connection, httpx passes on the error of the library below it.
_FAILURES = (httpx.HTTPError, httpx.InvalidURL, ssl.SSLError, TimeoutError)

# What httpcore does before it sends a request, or after it failed to.
_CONNECTING = frozenset(
    {"connect_tcp", "connect_unix_socket", "setup_socks5_connection", "start_tls", "retry", "response_closed"}
)


@dataclass(frozen=True)
class _Connections:
    """The connections of one event loop: to the platform, and to signed URLs without credentials."""

    platform: httpx.AsyncClient
    public: httpx.AsyncClient
    # In httpx's pool, the cost of requests that wait for a connection grows with the square of their number.
    slots: asyncio.Semaphore

    async def aclose(self) -> None:
        await self.platform.aclose()
        await self.public.aclose()


class AsyncDriver:
    """Runs procedures on event loops, and never blocks one. Each loop and each process has its own connections."""

    def __init__(self, config: Config, policy: RetryPolicy | None = None) -> None:
        self._config = config
        self._access = Access(config)
        self._policy = policy or RetryPolicy()
        self._connections: dict[asyncio.AbstractEventLoop, _Connections] = {}
        renew_after_fork(self)
        redact_http_logs()

    def after_fork(self) -> None:
        """Leave the connections to the parent process."""
        leave_alone(self._connections)
        self._connections = {}

    async def run(self, procedure: Procedure[R]) -> R:
        """Run a procedure until it returns."""
        call = ""
        try:
            step = next(procedure)
            while True:
                call = step.label if isinstance(step, Call) else call
                try:
                    answer = await self._perform(step)
                except BaseException as error:
                    step = procedure.throw(error)
                else:
                    step = procedure.send(answer)
        except StopIteration as end:
            result: R = end.value
            return result
        except IkigaiError as error:
            complete(error, call)
            raise

    async def aclose(self) -> None:
        """Close the connections of this event loop. Those of an event loop that was closed are dropped."""
        self._forget_closed_loops()
        connections = self._connections.pop(asyncio.get_running_loop(), None)
        if connections is not None:
            await connections.aclose()

    async def _perform(self, step: Step) -> Any:
        match step:
            case Call():
                return await self.send(step)
            case Pause(seconds):
                await asyncio.sleep(seconds)
                return time.monotonic()
            case ProcessingTimeout():
                return self._config.processing_timeout
            case BlockingCall(function):
                returned = function() if is_async(function) else await asyncio.to_thread(function)
                return await returned if inspect.isawaitable(returned) else returned
            case SendParts():
                return await self._send_parts(step)
            case Fetch(url, target):
                return await self._fetch(url, target)

    async def send(self, call: Call[A]) -> A:
        """Send a call, retry it if that is safe, and return its answer."""
        # Looking up a key may read files or call the key's owner.
        config = self._access.config if self._access.config.api_key else await asyncio.to_thread(self._access.ready)
        limit = TimeLimit(config.call_timeout, call.deadline)
        try:
            return await self._attempt(call, config, limit)
        except AccessRefusedError:
            renewed = await asyncio.to_thread(self._access.renewed, config)
            if renewed is None:
                raise
        # A call that was refused because of its key was not carried out. So any such call may be sent again.
        return await self._attempt(call, renewed, limit)

    async def _attempt(self, call: Call[A], config: Config, limit: TimeLimit) -> A:
        if not call.retried:
            return await self._exchange(call, config, limit)
        result: A = await self._retrying(call.label, repeatable=call.repeatable)(self._exchange, call, config, limit)
        return result

    def _retrying(self, what: str, *, repeatable: bool) -> AsyncRetrying:
        options = self._policy.options(what, self._config, repeatable=repeatable)
        return AsyncRetrying(**options)

    async def _connect(self) -> _Connections:
        loop = asyncio.get_running_loop()
        if loop not in self._connections:
            self._forget_closed_loops()
            # Reading the system's certificates, and the first imports of httpx, take tens of milliseconds.
            made = await asyncio.to_thread(_make_connections, self._config)
            return self._connections.setdefault(loop, made)
        return self._connections[loop]

    def _forget_closed_loops(self) -> None:
        for loop in [each for each in self._connections if each.is_closed()]:
            self._connections.pop(loop, None)

    async def _exchange(self, call: Call[A], config: Config, limit: TimeLimit) -> A:
        connections = await self._connect()
        sending = _Sending()
        try:
            async with connections.slots, asyncio.timeout(limit.left):
                answer = await _answer(connections.platform, call, config, sending)
        except _FAILURES as error:
            failure = connection_error(error, call.label, config.base_url, has_begun=sending.has_begun)
        else:
            return read_answer(call, config, answer)
        # Not raised where the other error is handled: that error holds the request with its key.
        raise failure

    async def _send_parts(self, step: SendParts) -> dict[int, str]:
        parts = await asyncio.to_thread(cut, step)
        etags = await side_by_side(parts, partial(self._put_part, step), AT_ONCE)
        return {**step.done} | {part.number: etag for part, etag in zip(parts, etags, strict=True)}

    async def _put_part(self, step: SendParts, part: Part) -> str:
        etag: str = await self._retrying(str(part), repeatable=True)(self._put, part)
        if step.on_part is not None:
            await asyncio.to_thread(step.on_part, part.number, etag)
        return etag

    async def _put(self, part: Part) -> str:
        client = (await self._connect()).public
        headers = {**part.headers, "Content-Length": str(part.size)}
        with await asyncio.to_thread(part.open) as body:
            try:
                async with _paced(self._config) as moved:
                    request = client.stream("PUT", part.url, content=_chunks(body, moved), headers=headers)
                    async with request as response:
                        said = await anext(response.aiter_bytes(LARGEST_ERROR), b"")
            except _FAILURES as error:
                raise connection_error(error, f"PUT {part}", without_query(part.url)) from None
            return read_etag(part, response.status_code, response.headers, said.decode(errors="replace"))

    async def _fetch(self, url: str, target: DownloadTarget) -> None:
        if target.size is None:
            await self._retrying("the download", repeatable=True)(self._get_first, url, target)
        await side_by_side(target.missing, partial(self._get_range, url, target), AT_ONCE)

    async def _get_first(self, url: str, target: DownloadTarget) -> None:
        if not await self._get(url, FIRST.headers, target, None):
            await self._get(url, PLAIN, target, None)

    async def _get_range(self, url: str, target: DownloadTarget, piece: Range) -> None:
        await self._retrying("the download", repeatable=True)(self._get, url, piece.headers, target, piece)

    async def _get(self, url: str, headers: dict[str, str], target: DownloadTarget, piece: Range | None) -> bool:
        """Store a response in the target. Returns False if it has no range to begin with, so that it is useless."""
        client = (await self._connect()).public
        try:
            async with (
                _paced(self._config) as moved,
                client.stream("GET", url, headers=headers, follow_redirects=True) as response,
            ):
                if headers == FIRST.headers and not is_of_use(response.status_code, response.headers):
                    return False
                await _land(response, target, piece, moved)
        except _FAILURES as error:
            raise connection_error(error, "GET", without_query(url)) from None
        return True


class _Sending:
    """Watches whether a request was begun to be sent, as ``trace`` of httpcore tells it.

    If nothing is told, or something unknown, the request counts as begun: a start must not be sent twice.
    """

    def __init__(self) -> None:
        self._is_on_the_way = False
        self._has_begun = False

    @property
    def has_begun(self) -> bool:
        return self._has_begun or not self._is_on_the_way

    async def __call__(self, event: str, told: Mapping[str, Any]) -> None:
        *_, step, phase = ["", *event.split(".")]
        if phase != "started":
            return
        # A CONNECT only asks a proxy for a way.
        if step in _CONNECTING or ("request" in told and told["request"].method == b"CONNECT"):
            self._is_on_the_way = True
        else:
            self._has_begun = True


async def _answer(client: httpx.AsyncClient, call: Call[Any], config: Config, sending: _Sending) -> Answer:
    began = time.monotonic()
    async with client.stream(
        call.method,
        f"{config.base_url}{call.path}",
        params=dict(call.query) or None,
        content=call.content,
        headers={**config.headers, **ENCODINGS, **call.headers},
        extensions={"trace": sending},
    ) as response:
        body = Body(call, config, response.status_code, response.headers)
        async for chunk in response.aiter_bytes():
            if not body.add(chunk):
                break
    return Answer(response.status_code, response.headers, body.content, time.monotonic() - began)


@contextlib.asynccontextmanager
async def _paced(config: Config) -> AsyncIterator[Callable[[int], None]]:
    """Limit the time of a transfer. Yields the function that counts the bytes that have arrived."""
    pace = Pace(config.call_timeout)
    async with asyncio.timeout(pace.left) as timeout:

        def moved(size: int) -> None:
            if pace.moved(size):
                timeout.reschedule(asyncio.get_running_loop().time() + pace.left)

        yield moved


async def _land(
    response: httpx.Response, target: DownloadTarget, piece: Range | None, moved: Callable[[int], None]
) -> None:
    where = without_query(str(response.url))
    with await asyncio.to_thread(target.arrival, where, response.status_code, response.headers, piece) as arrival:
        gathered = bytearray()
        async for chunk in response.aiter_bytes():
            moved(len(chunk))
            gathered += chunk
            if len(gathered) >= CHUNK_SIZE:
                await asyncio.to_thread(arrival.write, gathered)
                gathered = bytearray()
        await asyncio.to_thread(arrival.write, gathered)


async def _chunks(body: PartReader, moved: Callable[[int], None]) -> AsyncIterator[bytes]:
    while chunk := await asyncio.to_thread(body.read, CHUNK_SIZE):
        yield chunk
        moved(len(chunk))


def connection_error(error: Exception, what: str, where: str, *, has_begun: bool = True) -> IkigaiError:
    """Convert an error of httpx: the request was either never sent, or begun to be sent and not answered."""
    if isinstance(error, httpx.ConnectError | ssl.SSLError) and _is_about_trust(error):
        return ConnectionFailedError(f"No trusted connection to {where}: {error}", transient=False)
    if isinstance(error, httpx.UnsupportedProtocol | httpx.InvalidURL):
        return ConnectionFailedError(f"{where} is not a usable address.", transient=False)
    unsent = httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout | httpx.ProxyError
    if not has_begun or isinstance(error, unsent):
        return ConnectionFailedError(f"Cannot reach {where} ({_kind(error)}): is it running, and is this its address?")
    return AnswerLostError(f"{what} at {where} was sent, but no answer came back ({type(error).__name__}).")


def _kind(error: Exception) -> str:
    name = type(error).__name__
    return f"{name}: {error}" if isinstance(error, httpx.ProxyError) else name


def _is_about_trust(error: BaseException) -> bool:
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, ssl.SSLEOFError | ssl.SSLZeroReturnError):
            return False
        if isinstance(cause, ssl.SSLError):
            return isinstance(error, httpx.ConnectError) or "CERTIFICATE" in (cause.reason or "")
        cause = cause.__cause__ or cause.__context__
    return False


def _make_connections(config: Config) -> _Connections:
    with contextlib.suppress(ImportError):
        import_module("anyio._backends._asyncio")
    timeout = httpx.Timeout(config.read_timeout, connect=config.connect_timeout)
    # A client certificate is a credential.
    public = ssl_context(replace(config, ssl=config.ssl is not False))
    limits = httpx.Limits(max_connections=CALLS_AT_ONCE, max_keepalive_connections=CALLS_AT_ONCE)
    return _Connections(
        httpx.AsyncClient(verify=ssl_context(config), timeout=timeout, proxy=config.proxy, limits=limits),
        httpx.AsyncClient(headers=config.public_headers, verify=public, timeout=timeout, proxy=config.proxy),
        asyncio.Semaphore(CALLS_AT_ONCE),
    )


def ssl_context(config: Config) -> ssl.SSLContext | bool:
    """The verification of TLS connections. All clients of a process share it until its files change."""
    if config.ssl is False:
        return False
    client_files = () if config.ssl is True else (config.ssl,) if isinstance(config.ssl, str) else tuple(config.ssl)
    files = (*client_files, *([config.ca_bundle] if config.ca_bundle else []))
    named = os.environ.get("SSL_CERT_FILE"), os.environ.get("SSL_CERT_DIR")
    return _ssl_context(client_files, config.ca_bundle, (*named, *(Path(file).stat().st_mtime_ns for file in files)))


@lru_cache(maxsize=8)
def _ssl_context(client_files: tuple[str, ...], ca_bundle: str | None, _changes: tuple[object, ...]) -> ssl.SSLContext:
    if ca_bundle is None:
        context = httpx.create_ssl_context()
    elif Path(ca_bundle).is_dir():
        context = ssl.create_default_context(capath=ca_bundle)
    else:
        context = ssl.create_default_context(cafile=ca_bundle)
    if client_files:
        context.load_cert_chain(*client_files)
    return context
