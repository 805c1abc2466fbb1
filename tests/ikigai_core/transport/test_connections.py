"""How requests travel: TLS, proxies, timeouts, redirects, user agents; alike on both faces."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import shutil
import socket
import ssl
import struct
import subprocess
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpcore
import numpy as np
import pandas as pd
import pytest

from ikigai_core import App, AsyncIkigai, Ikigai, errors
from ikigai_core.api import apps, flows
from ikigai_core.config import Config
from ikigai_core.local.account import LocalAccount
from ikigai_core.procedure import Procedure, send
from ikigai_core.transfer.progress import Meter
from ikigai_core.transfer.ranges import DownloadTarget
from ikigai_core.transfer.steps import fetch, send_parts
from ikigai_core.transport.retry import RetryPolicy

KEY = "a-key-that-nobody-may-see"
PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY")
CERTIFICATES = ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE")
Perform = Callable[[Config, RetryPolicy, Procedure[Any]], Any]


class Web:
    """A server, with TLS if it is given a context; also a proxy, since it answers whatever it is asked for."""

    def __init__(self, context: ssl.SSLContext | None = None) -> None:
        self.requests: list[tuple[str, str, dict[str, str]]] = []
        self.redirect = ""
        self.delay = threading.Event()
        self.is_slow = False
        self.interim = b""
        self.breaks_with: bytes | None = None
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                self.rfile.read(int(self.headers.get("Content-Length") or 0))
                headers = {name.lower(): value for name, value in self.headers.items()}
                owner.requests.append((self.command, self.path, headers))
                if owner.is_slow:
                    owner.delay.wait(30)
                if owner.breaks_with is not None:
                    # Below TLS, if there is any.
                    os.write(self.connection.fileno(), owner.breaks_with)
                    self.close_connection = True
                    self.connection.close()
                    return
                body = b'{"project": {"project_id": "1"}}'
                self.wfile.write(owner.interim)
                self.send_response(302 if owner.redirect else 200)
                if owner.redirect:
                    self.send_header("Location", owner.redirect)
                    body = b""
                self.send_header("ETag", '"e"')
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            do_POST = do_PUT = do_GET

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        if context is not None:
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        scheme = "http" if context is None else "https"
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self.delay.set()
        self._server.shutdown()
        self._server.server_close()


@pytest.fixture(autouse=True)
def plain_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in (*PROXIES, *CERTIFICATES):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.lower(), raising=False)


@pytest.fixture
def webs() -> Iterator[Callable[..., Web]]:
    made: list[Web] = []

    def make(context: ssl.SSLContext | None = None) -> Web:
        made.append(Web(context))
        return made[-1]

    yield make
    for web in made:
        web.close()


@pytest.fixture
def get(perform: Perform) -> Callable[..., Any]:
    """Ask for an app."""

    def get(url: str, **settings: Any) -> Any:
        config = Config.resolve("bob@example.com", KEY, url, **settings)
        return perform(config, RetryPolicy(attempts=2, first=0.01, longest=0.05), send(apps.fetch("1")))

    return get


def move(perform: Perform, url: str, tmp_path: Path, **settings: Any) -> None:
    """Put a part to a signed URL, and get data from one."""
    config = Config.resolve("bob@example.com", KEY, url, **settings)
    policy = RetryPolicy(attempts=2, first=0.01, longest=0.05)
    data = tmp_path / "data.csv"
    data.write_text("a\n1\n")
    perform(config, policy, send_parts(data, {1: f"{url}/1?signature=secret"}, "text/csv", Meter("upload")))
    perform(config, policy, fetch(f"{url}/data?signature=secret", DownloadTarget(tmp_path / "down", Meter("download"))))


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, str]:
    """A certificate of 127.0.0.1 that only those trust who are told to, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("needs openssl")
    folder = tmp_path_factory.mktemp("tls")
    command = [openssl, "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", f"{folder}/key.pem", "-out", f"{folder}/cert.pem"]
    subprocess.run(command, check=True, capture_output=True, timeout=60)
    return f"{folder}/cert.pem", f"{folder}/key.pem"


@pytest.fixture
def tls(certificate: tuple[str, str]) -> ssl.SSLContext:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(*certificate)
    return context


@pytest.mark.filterwarnings("ignore:Unverified")
def test_a_platform_is_trusted_by_the_certificates_that_are_given(
    webs: Callable[..., Web], get: Any, tls: ssl.SSLContext, certificate: tuple[str, str], monkeypatch: Any
) -> None:
    web = webs(tls)
    with pytest.raises(errors.ConnectionFailedError, match="No trusted connection to https://127") as caught:
        get(web.url)
    assert not caught.value.transient
    assert get(web.url, ca_bundle=certificate[0]) == {"project_id": "1"}
    for name in CERTIFICATES:
        with monkeypatch.context() as patch:
            patch.setenv(name, certificate[0])
            assert get(web.url) == {"project_id": "1"}
    monkeypatch.setenv("CURL_CA_BUNDLE", certificate[1])
    assert get(web.url, ca_bundle=certificate[0]) == {"project_id": "1"}
    assert get(web.url, ssl=False) == {"project_id": "1"}


def test_a_client_certificate_goes_to_the_platform_and_to_no_signed_url(
    webs: Callable[..., Web], get: Any, perform: Perform, tls: ssl.SSLContext, certificate: Any, tmp_path: Path
) -> None:
    tls.load_verify_locations(certificate[0])
    tls.verify_mode = ssl.CERT_REQUIRED
    web = webs(tls)
    known = {"ca_bundle": certificate[0], "ssl": certificate}
    assert get(web.url, **known) == {"project_id": "1"}
    with pytest.raises(errors.IkigaiError):
        get(web.url, ca_bundle=certificate[0])
    with pytest.raises(errors.IkigaiError):
        move(perform, web.url, tmp_path, **known)


def test_proxies_are_those_of_the_environment_or_the_one_that_is_given(
    webs: Callable[..., Web], get: Any, perform: Perform, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    proxy, other, platform = webs(), webs(), "http://platform.example.com"
    monkeypatch.setenv("HTTP_PROXY", proxy.url)
    assert get(platform) == {"project_id": "1"}
    move(perform, platform, tmp_path)
    assert {path.split("?")[0] for _, path, _ in proxy.requests} == {
        f"{platform}/component/get-project",
        f"{platform}/1",
        f"{platform}/data",
    }
    assert get(platform, proxy=other.url.replace("//", "//bob:password@")) == {"project_id": "1"}
    move(perform, platform, tmp_path, proxy=other.url)
    assert len(other.requests) == 3
    assert other.requests[0][2]["proxy-authorization"].startswith("Basic ")
    direct = webs()
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    seen = len(proxy.requests)
    get(direct.url)
    assert (len(direct.requests), len(proxy.requests)) == (1, seen)
    with pytest.raises(errors.ConfigurationError, match="proxy is 'squid//…@here'") as caught:
        get(platform, proxy="squid//bob:password@here")
    assert "password" not in str(caught.value)


def test_a_platform_that_does_not_answer_is_given_up_after_the_read_timeout(
    webs: Callable[..., Web], perform: Perform
) -> None:
    web = webs()
    web.is_slow = True
    config = Config.resolve("bob@example.com", KEY, web.url, read_timeout=0.3)
    began = time.monotonic()
    with pytest.raises(errors.AnswerLostError, match="POST /component/run-pipeline .* was sent, but no answer"):
        perform(config, RetryPolicy(), send(flows.run("app", "flow", {})))
    assert 0.3 <= time.monotonic() - began < 10
    assert len(web.requests) == 1


@pytest.mark.parametrize("way", ["through a proxy", "in TLS", "within the headers"])
def test_a_start_whose_answer_is_lost_on_the_way_is_sent_once(
    webs: Callable[..., Web], perform: Perform, tls: ssl.SSLContext, certificate: tuple[str, str], way: str
) -> None:
    web = webs(tls if way == "in TLS" else None)
    broken, url, options = {
        "through a proxy": (b"", "http://away.example", {"proxy": web.url}),
        "in TLS": (b"this is no record of TLS", web.url, {"ca_bundle": certificate[0]}),
        "within the headers": (b"HTTP/1.1 200 OK\r\nContent-Type: appl", web.url, {}),
    }[way]
    web.breaks_with = broken
    config = Config.resolve("bob@example.com", KEY, url, **options)
    with pytest.raises(errors.AnswerLostError, match="was sent, but no answer"):
        perform(config, RetryPolicy(attempts=3, first=0.01, longest=0.05), send(flows.run("app", "flow", {})))
    assert len(web.requests) == 1


@pytest.mark.parametrize("event", [None, "", "started", "request-started", "http9.send.everything.started"])
def test_a_start_counts_as_sent_if_httpcore_tells_nothing_that_is_known(
    webs: Callable[..., Web], perform: Perform, monkeypatch: pytest.MonkeyPatch, event: str | None
) -> None:
    async def tell(self: Any, name: str, info: Any) -> None:
        if event is not None and self.trace_extension is not None:
            await self.trace_extension(event, info)

    monkeypatch.setattr(httpcore._trace.Trace, "atrace", tell)
    web = webs()
    web.breaks_with = b""
    config = Config.resolve("bob@example.com", KEY, web.url)
    with pytest.raises(errors.AnswerLostError):
        perform(config, RetryPolicy(attempts=3, first=0.01, longest=0.05), send(flows.run("app", "flow", {})))
    assert len(web.requests) == 1


@pytest.mark.parametrize(("to", "is_reset"), [("the platform", False), ("the platform", True), ("a proxy", False)])
def test_a_connection_that_is_cut_before_a_start_is_sent_is_tried_again(
    perform: Perform, to: str, is_reset: bool
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.settimeout(30)
        cut: list[int] = []

        def serve() -> None:
            with contextlib.suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    connection.recv(16 if is_reset else 1 << 16)
                    cut.append(1)
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", int(is_reset), 0))
                    connection.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        address = f"127.0.0.1:{server.getsockname()[1]}"
        url = f"https://{address}" if to == "the platform" else "https://platform.example.com"
        proxy = f"http://{address}" if to == "a proxy" else None
        config = Config.resolve("bob@example.com", KEY, url, proxy=proxy, connect_timeout=1.5)
        with pytest.raises(errors.ConnectionFailedError, match="Cannot reach https://") as caught:
            perform(config, RetryPolicy(first=0.01, longest=0.5), send(flows.run("app", "flow", {})))
        server.shutdown(socket.SHUT_RDWR)
    thread.join(30)
    assert caught.value.transient
    assert len(cut) > 1


def test_a_proxy_that_refuses_says_why(webs: Callable[..., Web], get: Any) -> None:
    with pytest.raises(errors.ConnectionFailedError, match=r"ProxyError: 501 Unsupported method"):
        get("https://platform.example.com", proxy=webs().url, connect_timeout=0.1)


def test_interim_answers_are_not_taken_for_the_answer(webs: Callable[..., Web], get: Any) -> None:
    web = webs()
    web.interim = b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"
    assert get(web.url) == {"project_id": "1"}


def test_a_signed_url_that_redirects_takes_no_credentials_along_and_shows_no_signature(
    webs: Callable[..., Web], perform: Perform, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    web, elsewhere = webs(), webs()
    web.redirect = f"{elsewhere.url.replace('127.0.0.1', 'localhost')}/elsewhere?signature=secret"
    config = Config.resolve("bob@example.com", KEY, web.url)
    policy = RetryPolicy(attempts=2, first=0.01, longest=0.05)
    perform(
        config, policy, fetch(f"{web.url}/data?signature=secret", DownloadTarget(tmp_path / "down", Meter("download")))
    )
    assert (tmp_path / "down").read_bytes() == b'{"project": {"project_id": "1"}}'
    assert [path for _, path, _ in elsewhere.requests] == ["/elsewhere?signature=secret"]
    for _, _, headers in web.requests + elsewhere.requests:
        assert not {"user", "api-key", "authorization", "cookie"} & set(headers)
    with pytest.raises(errors.TransferError, match="refused part 1"):
        move(perform, web.url, tmp_path)
    assert len(elsewhere.requests) == 1
    assert "secret" not in caplog.text
    assert KEY not in caplog.text


def test_the_user_agent_tells_who_asks_also_at_signed_urls(
    webs: Callable[..., Web], get: Any, perform: Perform, tmp_path: Path
) -> None:
    web = webs()
    get(web.url, user_agent="an-adapter/1.0")
    move(perform, web.url, tmp_path, user_agent="an-adapter/1.0")
    for _, _, headers in web.requests:
        assert headers["user-agent"].startswith("an-adapter/1.0 ikigai-core/")


@pytest.mark.soak
def test_transfers_do_not_hold_up_the_event_loop(app: App, ikigai_local: LocalAccount, tmp_path: Path) -> None:
    rows = 600_000
    frame = pd.DataFrame({"n": np.arange(rows), "x": np.arange(rows) / 7, "text": ["some text"] * rows})
    lags: list[float] = []

    async def watch() -> None:
        while True:
            began = time.monotonic()
            await asyncio.sleep(0.01)
            lags.append(time.monotonic() - began - 0.01)

    async def main() -> float:
        async with AsyncIkigai(ikigai_local.user_email, ikigai_local.api_key, ikigai_local.url) as ikigai:
            same = await ikigai.apps[app.name]
            watcher = asyncio.create_task(watch())
            began = time.monotonic()
            dataset = await same.dataset.new("large").df(frame).build()
            await dataset.df()
            await dataset.to_parquet(tmp_path / "down.parquet")
            took = time.monotonic() - began
            watcher.cancel()
            return took

    took = asyncio.run(main())
    assert max(lags) < max(0.75, took / 8)
    assert len(lags) > 20


def test_both_faces_take_the_same_settings() -> None:
    settings = {"connect_timeout": 2.0, "read_timeout": 3.0, "proxy": "http://proxy:3128", "user_agent": "x/1"}
    clients = [face("bob@example.com", KEY, **settings) for face in (Ikigai, AsyncIkigai)]  # type: ignore[arg-type]
    assert clients[0]._config == clients[1]._config
    assert "proxy" not in repr(clients[0]._config)
