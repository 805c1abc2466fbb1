"""A download in ranges, against servers that know ranges well, badly, or not at all."""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

from ikigai_core.config import Config
from ikigai_core.errors import AnswerLostError, DownloadError
from ikigai_core.transfer.parts import UrlExpiredError
from ikigai_core.transfer.progress import Meter
from ikigai_core.transfer.ranges import FIRST_SIZE, RANGE_SIZE, ChangedError, DownloadTarget
from ikigai_core.transfer.steps import fetch
from ikigai_core.transport.aio import AsyncDriver
from ikigai_core.transport.retry import RetryPolicy
from ikigai_core.transport.sync import SyncDriver

DATA = bytes(range(251)) * ((FIRST_SIZE + 2 * RANGE_SIZE) // 251 + 5)
Answer = Callable[["Storage", int, int], tuple[int, dict[str, str], bytes]]


class Storage:
    """Serves `data`; each request for a range is answered by `answer`."""

    def __init__(self) -> None:
        self.data = DATA
        self.answer: Answer = well
        self.ranges: list[str | None] = []
        owner = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                asked = self.headers.get("Range")
                owner.ranges.append(asked)
                assert self.headers["Accept-Encoding"] == "identity"
                assert not {"user", "api-key", "authorization"} & {name.lower() for name in self.headers}
                bounds = re.fullmatch(r"bytes=(\d+)-(\d+)", asked or "")
                first, last = (int(bounds[1]), int(bounds[2])) if bounds else (-1, -1)
                status, headers, body = owner.answer(owner, first, last)
                self.send_response(status)
                for name, value in {"Content-Length": str(len(body)), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)
                if "Content-Length" in headers:
                    self.close_connection = True

            def log_message(self, format: str, *args: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.handle_error = lambda *_: None  # type: ignore[method-assign]
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/data?signature=secret"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()


def well(storage: Storage, first: int, last: int) -> tuple[int, dict[str, str], bytes]:
    if first < 0:
        return 200, {}, storage.data
    if first >= len(storage.data):
        return 416, {"Content-Range": f"bytes */{len(storage.data)}"}, b""
    body = storage.data[first : last + 1]
    where = f"bytes {first}-{first + len(body) - 1}/{len(storage.data)}"
    return 206, {"Content-Range": where, "ETag": '"1"'}, body


@pytest.fixture
def storage() -> Iterator[Storage]:
    storage = Storage()
    yield storage
    storage.close()


def with_requests(config: Config, url: str, target: DownloadTarget) -> None:
    driver = SyncDriver(config, RetryPolicy(first=0.01, longest=0.05))
    try:
        driver.run(fetch(url, target))
    finally:
        driver.close()


def with_httpx(config: Config, url: str, target: DownloadTarget) -> None:
    async def main() -> None:
        driver = AsyncDriver(config, RetryPolicy(first=0.01, longest=0.05))
        try:
            await driver.run(fetch(url, target))
        finally:
            await driver.aclose()

    asyncio.run(main())


@pytest.fixture(params=[with_requests, with_httpx], ids=["requests", "httpx"])
def get(request: pytest.FixtureRequest, storage: Storage) -> Callable[[DownloadTarget], None]:
    config = Config("bob@example.com", "a-key", storage.url, connect_timeout=2.0, read_timeout=5.0, user_agent="test/1")
    return lambda target: request.param(config, storage.url, target)


@pytest.fixture
def target(tmp_path: Path) -> DownloadTarget:
    return DownloadTarget(tmp_path / "data", Meter("download"))


Get = Callable[[DownloadTarget], None]


def test_every_range_lands_in_its_place(storage: Storage, get: Get, target: DownloadTarget) -> None:
    get(target)
    assert target.path.read_bytes() == DATA
    assert len(storage.ranges) == 4
    assert target.missing == []


@pytest.mark.parametrize("size", [0, 1, FIRST_SIZE, FIRST_SIZE + 1])
def test_files_of_every_size_arrive(storage: Storage, get: Get, target: DownloadTarget, size: int) -> None:
    storage.data = DATA[:size]
    get(target)
    assert target.path.read_bytes() == DATA[:size]


def test_a_server_without_ranges_sends_the_whole_file(storage: Storage, get: Get, target: DownloadTarget) -> None:
    storage.answer = lambda storage, first, last: (200, {}, storage.data)
    get(target)
    assert target.path.read_bytes() == DATA
    assert len(storage.ranges) == 1


def test_a_range_of_a_compressed_file_is_of_no_use(storage: Storage, get: Get, target: DownloadTarget) -> None:
    def compressed(storage: Storage, first: int, last: int) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = well(storage, first, last)
        return status, {**headers, "Content-Encoding": "gzip"} if first >= 0 else headers, body

    storage.answer = compressed
    get(target)
    assert target.path.read_bytes() == DATA
    assert storage.ranges[-1] is None


def test_only_the_range_that_broke_off_is_asked_for_again(storage: Storage, get: Get, target: DownloadTarget) -> None:
    broken = threading.Event()

    def breaking_off(storage: Storage, first: int, last: int) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = well(storage, first, last)
        if first == FIRST_SIZE and not broken.is_set():
            broken.set()
            return status, {**headers, "Content-Length": str(len(body))}, body[:1000]
        return status, headers, body

    storage.answer = breaking_off
    get(target)
    assert target.path.read_bytes() == DATA
    assert len(storage.ranges) == 5


def test_what_has_arrived_is_not_fetched_again_under_a_further_url(
    storage: Storage, get: Get, target: DownloadTarget
) -> None:
    def expiring(storage: Storage, first: int, last: int) -> tuple[int, dict[str, str], bytes]:
        return (403, {}, b"") if first >= FIRST_SIZE + RANGE_SIZE else well(storage, first, last)

    storage.answer = expiring
    with pytest.raises(UrlExpiredError) as caught:
        get(target)
    assert "secret" not in str(caught.value)
    missing = target.missing
    storage.answer, storage.ranges = well, []
    get(target)
    assert target.path.read_bytes() == DATA
    assert len(storage.ranges) == len(missing) < 4


def test_data_that_change_in_between_are_not_mixed(storage: Storage, get: Get, target: DownloadTarget) -> None:
    def changing(storage: Storage, first: int, last: int) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = well(storage, first, last)
        return status, {**headers, "ETag": '"2"'} if first else headers, body

    storage.answer = changing
    with pytest.raises(ChangedError, match="changed while it was downloaded"):
        get(target)
    target.forget()
    storage.answer = well
    get(target)
    assert target.path.read_bytes() == DATA


def test_ranges_without_an_etag_are_not_put_together(storage: Storage, get: Get, target: DownloadTarget) -> None:
    def unnamed(storage: Storage, first: int, last: int) -> tuple[int, dict[str, str], bytes]:
        status, headers, body = well(storage, first, last)
        return status, {name: value for name, value in headers.items() if name != "ETag"}, body

    storage.answer = unnamed
    get(target)
    assert target.path.read_bytes() == DATA
    assert storage.ranges[1:] == [None]


def test_a_web_page_is_not_taken_for_data(storage: Storage, get: Get, target: DownloadTarget) -> None:
    storage.answer = lambda storage, first, last: (200, {"Content-Type": "text/html; charset=utf-8"}, b"<html>log in")
    with pytest.raises(DownloadError, match=r"http://127.0.0.1:\d+/data answered with a web page") as caught:
        get(target)
    assert "secret" not in str(caught.value)


def test_a_file_of_impossible_size_is_refused(storage: Storage, get: Get, target: DownloadTarget) -> None:
    storage.answer = lambda storage, first, last: (206, {"Content-Range": f"bytes 0-0/{10**20}", "ETag": "1"}, b"a")
    with pytest.raises(DownloadError, match="not asked for"):
        get(target)


def test_a_size_that_is_no_number_is_not_needed(target: DownloadTarget) -> None:
    with target.arrival("here", 200, {"content-length": "4, 4"}, None) as arrival:
        arrival.write(b"1234")
    assert target.path.read_bytes() == b"1234"


def test_an_answer_that_is_too_short_is_no_range(target: DownloadTarget) -> None:
    headers = {"content-range": "bytes 0-9/100", "etag": "1"}
    with pytest.raises(AnswerLostError, match="5 of 10 bytes"), target.arrival("here", 206, headers, None) as arrival:
        arrival.write(b"01234")


def test_a_refusal_is_an_error_with_the_address_and_without_the_signature(
    storage: Storage, get: Get, target: DownloadTarget
) -> None:
    storage.answer = lambda storage, first, last: (404, {}, b"")
    with pytest.raises(DownloadError, match=r"http://127.0.0.1:\d+/data: \[404\]") as caught:
        get(target)
    assert "secret" not in str(caught.value)


def test_credentials_in_a_netrc_file_are_not_sent(
    storage: Storage, get: Get, target: DownloadTarget, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login bob password secret\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    get(target)
    assert target.path.read_bytes() == DATA
