"""The sync driver, on requests."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any, TypeVar

import requests
from requests import exceptions as failures
from tenacity import Retrying
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError

from ikigai_core.api.call import Call
from ikigai_core.config import Config
from ikigai_core.errors import AnswerLost, ConnectionFailed, IkigaiError
from ikigai_core.procedure import Fetch, Pause, Procedure, SendParts, Step, Work
from ikigai_core.transfer.parts import CHUNK_SIZE, Part, check_download, read_etag
from ikigai_core.transfer.threads import send_side_by_side
from ikigai_core.transport.answering import read_answer
from ikigai_core.transport.redaction import redact_http_logs, without_query
from ikigai_core.transport.retry import RetryPolicy

A = TypeVar("A")
R = TypeVar("R")


class SyncDriver:
    """Performs procedures with blocking calls. Threads may share one."""

    def __init__(self, config: Config, policy: RetryPolicy | None = None) -> None:
        self._config = config
        self._policy = policy or RetryPolicy()
        self._session = requests.Session()
        self._session.headers.update(config.headers)
        self._bulk = requests.Session()
        self._bulk.headers.update(config.public_headers)
        for session in (self._session, self._bulk):
            session.verify = _verify(config)
        if not isinstance(config.ssl, bool):
            self._session.cert = config.ssl
        redact_http_logs()

    def drive(self, procedure: Procedure[R]) -> R:
        """Perform a procedure's steps until it returns."""
        try:
            step = next(procedure)
            while True:
                try:
                    answer = self._perform(step)
                except BaseException as error:
                    step = procedure.throw(error)
                else:
                    step = procedure.send(answer)
        except StopIteration as end:
            result: R = end.value
            return result

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
            case Work(function):
                return function()
            case SendParts():
                return send_side_by_side(step, self._put_part)
            case Fetch(url, path):
                return self._retrying(repeatable=True)(self._download, url, path)

    def send(self, call: Call[A]) -> A:
        """Send a call, again where that is safe, and return its answer."""
        result: A = self._retrying(repeatable=call.repeatable)(self._exchange, call)
        return result

    def _retrying(self, *, repeatable: bool) -> Retrying:
        return Retrying(**self._policy.options(repeatable=repeatable, connect_timeout=self._config.connect_timeout))

    @property
    def _timeout(self) -> tuple[float, float]:
        return self._config.connect_timeout, self._config.read_timeout

    def _exchange(self, call: Call[A]) -> A:
        try:
            response = self._session.request(
                call.method,
                f"{self._config.base_url}{call.path}",
                params=dict(call.query) or None,
                json=call.body,
                timeout=self._timeout,
                allow_redirects=False,
            )
        except failures.RequestException as error:
            raise connection_error(error, f"{call.method} {call.path}", self._config.base_url) from None
        headers = {name.lower(): value for name, value in response.headers.items()}
        return read_answer(call, self._config, response.status_code, headers, response.content)

    def _put_part(self, part: Part) -> str:
        etag: str = self._retrying(repeatable=True)(self._put, part)
        return etag

    def _put(self, part: Part) -> str:
        with part.open() as body:
            try:
                response = self._bulk.put(
                    part.url, data=body, headers=part.headers, timeout=self._timeout, allow_redirects=False
                )
            except failures.RequestException as error:
                raise connection_error(error, f"PUT {part}", without_query(part.url)) from None
        return read_etag(part, response.status_code, response.headers.get("ETag"), response.text)

    def _download(self, url: str, path: Path) -> int:
        where = without_query(url)
        try:
            with self._bulk.get(url, stream=True, timeout=self._timeout) as response:
                check_download(where, response.status_code)
                with path.open("wb") as file:
                    for chunk in response.iter_content(CHUNK_SIZE):
                        file.write(chunk)
        except failures.RequestException as error:
            raise connection_error(error, "GET", where) from None
        return path.stat().st_size


def connection_error(error: failures.RequestException, what: str, where: str) -> IkigaiError:
    """What a failure of requests means: never sent, or sent without an answer."""
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    if isinstance(error, failures.SSLError):
        return ConnectionFailed(f"No trusted connection to {where}: {_first_line(error)}", transient=False)
    if isinstance(error, (failures.InvalidURL, failures.MissingSchema, failures.InvalidSchema)):
        return ConnectionFailed(f"{where} is not a usable address.", transient=False)
    unreachable = isinstance(reason, NewConnectionError | ConnectTimeoutError)
    if unreachable or isinstance(error, failures.ConnectTimeout | failures.ProxyError):
        return ConnectionFailed(
            f"Cannot reach {where} ({type(reason or error).__name__}): is it running, and is this its address?"
        )
    return AnswerLost(f"{what} at {where} was sent, but no answer came back ({type(error).__name__}).")


def _verify(config: Config) -> bool | str:
    if config.ssl is False:
        return False
    return config.ca_bundle or True


def _first_line(error: Exception) -> str:
    reason = getattr(error.args[0] if error.args else None, "reason", None)
    return str(reason or type(error).__name__).split("\n", 1)[0]
