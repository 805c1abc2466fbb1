"""The sync driver, based on requests."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any, TypeVar
from urllib.parse import urlsplit

import requests
from requests import exceptions as failures
from tenacity import Retrying, sleep_using_event
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from ikigai_core.api.call import Call
from ikigai_core.callbacks import not_awaitable
from ikigai_core.config import Config
from ikigai_core.errors import AccessRefusedError, AnswerLostError, ConnectionFailedError, IkigaiError
from ikigai_core.forks import leave_alone, renew_after_fork
from ikigai_core.procedure import BlockingCall, Pause, Procedure, ProcessingTimeout, Step
from ikigai_core.transfer.parts import AT_ONCE, CHUNK_SIZE, Part, StoppedError, cut, read_etag
from ikigai_core.transfer.ranges import FIRST, PLAIN, DownloadTarget, Range, is_of_use
from ikigai_core.transfer.steps import Fetch, SendParts
from ikigai_core.transfer.threads import side_by_side
from ikigai_core.transport.concurrency import run_all
from ikigai_core.transport.key_rotation import Access
from ikigai_core.transport.limits import ENCODINGS, LARGEST_ERROR, READ_SIZE, Body, Pace, TimeLimit
from ikigai_core.transport.redaction import redact_http_logs, without_query
from ikigai_core.transport.responses import Answer, complete, read_answer
from ikigai_core.transport.retry import RetryPolicy
from ikigai_core.transport.timed_sockets import TimedAdapter, within

A = TypeVar("A")
R = TypeVar("R")


class SyncDriver:
    """Runs procedures with blocking calls. Thread-safe. In a forked process, it opens connections of its own."""

    def __init__(self, config: Config, policy: RetryPolicy | None = None) -> None:
        self._config = config
        self._access = Access(config)
        self._policy = policy or RetryPolicy()
        self._session, self._bulk = _open_sessions(config)
        renew_after_fork(self)
        redact_http_logs()

    def after_fork(self) -> None:
        """Leave the connections to the parent process."""
        leave_alone(self._session, self._bulk)
        self._session, self._bulk = _open_sessions(self._config)

    def run(self, procedure: Procedure[R]) -> R:
        """Run a procedure until it returns."""
        call = ""
        try:
            step = next(procedure)
            while True:
                call = step.label if isinstance(step, Call) else call
                try:
                    answer = self._perform(step)
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

    def run_all(self, procedures: Iterable[Procedure[R]]) -> Iterator[R]:
        """Run procedures concurrently, and yield their results as they end."""
        return run_all(self._perform, procedures, AT_ONCE)

    def close(self) -> None:
        """Close the connections."""
        self._session.close()
        self._bulk.close()

    def _perform(self, step: Step) -> Any:
        match step:
            case Call():
                return self.send(step)
            case Pause(seconds):
                time.sleep(seconds)
                return time.monotonic()
            case ProcessingTimeout():
                return self._config.processing_timeout
            case BlockingCall(function):
                return not_awaitable(function(), "A callback")
            case SendParts():
                return self._send_parts(step)
            case Fetch(url, target):
                return self._fetch(url, target)

    def send(self, call: Call[A]) -> A:
        """Send a call, retry it if that is safe, and return its answer."""
        config = self._access.ready()
        limit = TimeLimit(config.call_timeout, call.deadline)
        try:
            return self._attempt(call, config, limit)
        except AccessRefusedError:
            renewed = self._access.renewed(config)
            if renewed is None:
                raise
        # A call that was refused because of its key was not carried out. So any such call may be sent again.
        return self._attempt(call, renewed, limit)

    def _attempt(self, call: Call[A], config: Config, limit: TimeLimit) -> A:
        if not call.retried:
            return self._exchange(call, config, limit)
        result: A = self._retrying(call.label, repeatable=call.repeatable)(self._exchange, call, config, limit)
        return result

    def _retrying(self, what: str, *, repeatable: bool, stop: threading.Event | None = None) -> Retrying:
        options = self._policy.options(what, self._config, repeatable=repeatable)
        return Retrying(**options, sleep=sleep_using_event(stop)) if stop else Retrying(**options)

    def _how(self, limit: TimeLimit) -> dict[str, Any]:
        """The options of every request."""
        config = self._config
        # In a session, these settings would have lower priority than the environment.
        proxies = None if config.proxy is None else {"http": config.proxy, "https": config.proxy}
        timeout = min(config.connect_timeout, limit.left), min(config.read_timeout, limit.left)
        return {"timeout": timeout, "proxies": proxies, "verify": _verify(config), "stream": True}

    def _exchange(self, call: Call[A], config: Config, limit: TimeLimit) -> A:
        try:
            answer = self._answer(call, config, limit)
        except failures.RequestException as error:
            failure = connection_error(error, call.label, config.base_url)
        else:
            return read_answer(call, config, answer)
        # Not raised where the other error is handled: that error holds the request with its key.
        raise failure

    def _answer(self, call: Call[A], config: Config, limit: TimeLimit) -> Answer:
        began = time.monotonic()
        with (
            within(limit),
            self._session.request(
                call.method,
                f"{config.base_url}{call.path}",
                params=dict(call.query) or None,
                data=call.content,
                headers={**config.headers, **ENCODINGS, **call.headers},
                allow_redirects=False,
                **self._how(limit),
            ) as response,
        ):
            body = Body(call, config, response.status_code, response.headers)
            for chunk in response.iter_content(READ_SIZE):
                if not body.add(chunk):
                    break
        headers = {name.lower(): value for name, value in response.headers.items()}
        return Answer(response.status_code, headers, body.content, time.monotonic() - began)

    def _send_parts(self, step: SendParts) -> dict[int, str]:
        parts = cut(step)
        etags = side_by_side(parts, partial(self._put_part, step), AT_ONCE)
        return {**step.done} | {part.number: etag for part, etag in zip(parts, etags, strict=True)}

    def _put_part(self, step: SendParts, part: Part, stop: threading.Event) -> str:
        etag: str = self._retrying(str(part), repeatable=True, stop=stop)(self._put, part, stop)
        if step.on_part is not None:
            step.on_part(part.number, etag)
        return etag

    def _put(self, part: Part, stop: threading.Event) -> str:
        limit = Pace(self._config.call_timeout)
        with part.open(stop, limit.moved) as body, within(limit):
            options = {"headers": part.headers, "allow_redirects": False, **self._how(limit)}
            try:
                with self._bulk.put(part.url, data=body, **options) as response:
                    said = next(response.iter_content(LARGEST_ERROR), b"")
            except failures.RequestException as error:
                raise connection_error(error, f"PUT {part}", without_query(part.url)) from None
            return read_etag(part, response.status_code, response.headers, said.decode(errors="replace"))

    def _fetch(self, url: str, target: DownloadTarget) -> None:
        if target.size is None:
            self._retrying("the download", repeatable=True)(self._get_first, url, target)
        side_by_side(target.missing, partial(self._get_range, url, target), AT_ONCE)

    def _get_first(self, url: str, target: DownloadTarget) -> None:
        if not self._get(url, FIRST.headers, target, None):
            self._get(url, PLAIN, target, None)

    def _get_range(self, url: str, target: DownloadTarget, piece: Range, stop: threading.Event) -> None:
        self._retrying("the download", repeatable=True, stop=stop)(self._get, url, piece.headers, target, piece, stop)

    def _get(
        self,
        url: str,
        headers: dict[str, str],
        target: DownloadTarget,
        piece: Range | None,
        stop: threading.Event | None = None,
    ) -> bool:
        """Store a response in the target. Returns False if it has no range to begin with, so that it is useless."""
        limit = Pace(self._config.call_timeout)
        try:
            with within(limit), self._bulk.get(url, headers=headers, **self._how(limit)) as response:
                if headers == FIRST.headers and not is_of_use(response.status_code, response.headers):
                    return False
                where = without_query(response.url)
                with target.arrival(where, response.status_code, response.headers, piece) as arrival:
                    for chunk in response.iter_content(CHUNK_SIZE):
                        if stop is not None and stop.is_set():
                            raise StoppedError
                        arrival.write(chunk)
        except failures.RequestException as error:
            raise connection_error(error, "GET", without_query(url)) from None
        return True


class _PlatformSession(requests.Session):
    """Follows no redirect. requests would prepare the next request all the same."""

    def get_redirect_target(self, resp: requests.Response) -> None:
        return None


class _StorageSession(requests.Session):
    """Refuses a redirect to an invalid address. requests would raise a plain `ValueError`."""

    def get_redirect_target(self, resp: requests.Response) -> str | None:
        try:
            target = super().get_redirect_target(resp)
            return target if target is None or urlsplit(target).port != 0 else None
        except ValueError:
            raise failures.InvalidURL("A redirect leads to no address.") from None


def _open_sessions(config: Config) -> tuple[requests.Session, requests.Session]:
    """A session for the platform, and one for signed URLs, which sends no credentials."""
    platform, public = _PlatformSession(), _StorageSession()
    public.headers.update(config.public_headers)
    for session in (platform, public):
        # Otherwise requests would look for the host's credentials in ~/.netrc.
        session.auth = _no_credentials
        for scheme in ("https://", "http://"):
            session.mount(scheme, TimedAdapter())
    if not isinstance(config.ssl, bool):
        platform.cert = config.ssl
    return platform, public


def connection_error(error: failures.RequestException, what: str, where: str) -> IkigaiError:
    """Convert an error of requests: the request was either never sent, or sent without an answer."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(error, failures.SSLError):
        return ConnectionFailedError(f"No trusted connection to {where}: {_first_line(error)}", transient=False)
    if isinstance(error, (failures.InvalidURL, failures.MissingSchema, failures.InvalidSchema)):
        return ConnectionFailedError(f"{where} is not a usable address.", transient=False)
    unreachable = isinstance(reason, NewConnectionError | ConnectTimeoutError)
    if unreachable or isinstance(error, failures.ConnectTimeout | failures.ProxyError):
        return ConnectionFailedError(
            f"Cannot reach {where} ({_kind(reason or error)}): is it running, and is this its address?"
        )
    return AnswerLostError(f"{what} at {where} was sent, but no answer came back ({type(error).__name__}).")


def _kind(error: BaseException) -> str:
    name = type(error).__name__
    _, found, refusal = str(error).partition("Tunnel connection failed: ")
    return f"{name}: {refusal.rstrip(chr(39) + chr(41))}" if found else name


def _no_credentials(request: requests.PreparedRequest) -> requests.PreparedRequest:
    return request


def _verify(config: Config) -> bool | str:
    if config.ssl is False:
        return False
    return config.ca_bundle or True


def _first_line(error: Exception) -> str:
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return str(reason or type(error).__name__).split("\n", 1)[0]
