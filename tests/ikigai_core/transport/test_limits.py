"""An answer that is endless, too slow or too large ends with an error within the limits that the settings name."""

from __future__ import annotations

import gzip
import itertools
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ikigai_core import AsyncIkigai, Ikigai, errors
from ikigai_core.api import apps
from ikigai_core.config import Config
from ikigai_core.procedure import send
from ikigai_core.runs.follow import follow
from ikigai_core.runs.following import Following
from ikigai_core.runs.state import RunState
from ikigai_core.transfer.progress import Meter
from ikigai_core.transfer.ranges import DownloadTarget
from ikigai_core.transfer.steps import fetch, send_parts
from ikigai_core.transport.retry import RetryPolicy

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
METER = Meter("transfer")

Chunks = Callable[[], Iterator[bytes]]


class Endless:
    """Answers each request with the bytes of a generator, for as long as the client stays."""

    def __init__(self) -> None:
        self.chunks: Chunks = lambda: iter([HEAD + b"Content-Length: 2\r\n\r\n{}"])
        self.pause = 0.0
        self.sent = 0
        self._stopped = threading.Event()
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._threads = [threading.Thread(target=self._accept, daemon=True)]
        self._threads[0].start()

    def close(self) -> None:
        self._stopped.set()
        with suppress(OSError):
            self._listening.shutdown(socket.SHUT_RDWR)
        self._listening.close()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listening.accept()
            except OSError:
                return
            self._threads.append(threading.Thread(target=self._answer, args=(connection,), daemon=True))
            self._threads[-1].start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, suppress(OSError):
            connection.settimeout(5)
            connection.recv(1 << 20)
            for chunk in self.chunks():
                connection.sendall(chunk)
                self.sent += len(chunk)
                if self._stopped.wait(self.pause):
                    return


@pytest.fixture
def endless() -> Iterator[Endless]:
    server = Endless()
    yield server
    server.close()


@pytest.fixture
def config(endless: Endless) -> Config:
    return Config("bob@example.com", "a-key", endless.url, call_timeout=0.4, read_timeout=5.0, answer_limit=200_000)


def trickle(beginning: bytes) -> Chunks:
    return lambda: itertools.chain([beginning], itertools.repeat(b"1"))


@pytest.mark.parametrize("beginning", [HEAD + b"Content-Length: 99999\r\n\r\n", HEAD + b"X: "], ids=["body", "header"])
def test_an_answer_that_drips_ends_with_the_time_of_the_call(
    perform: Any, endless: Endless, config: Config, beginning: bytes
) -> None:
    endless.chunks, endless.pause = trickle(beginning), 0.02
    began = time.monotonic()
    with pytest.raises(errors.AnswerLostError):
        perform(config, RetryPolicy(), send(apps.fetch("1")))
    assert time.monotonic() - began < 3.0


@pytest.mark.parametrize("beginning", [HEAD + b"Content-Length: 99999\r\n\r\n", HEAD + b"X: "], ids=["body", "header"])
def test_a_wait_ends_in_time_although_an_answer_drips(
    perform: Any, endless: Endless, config: Config, beginning: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ikigai_core.runs.follow._LAST_ANSWER", 0.3)
    endless.chunks, endless.pause = trickle(beginning), 0.02
    run = RunState("app", "flow", "Flow", None, phase="started")
    began = time.monotonic()
    with pytest.raises(errors.RunTimeoutError, match=r"did not end within 0.2 s"):
        perform(replace(config, call_timeout=60.0), RetryPolicy(), follow(run, Following(timeout=0.2)))
    assert time.monotonic() - began < 4.0


def test_an_answer_is_not_read_beyond_the_largest_size(perform: Any, endless: Endless, config: Config) -> None:
    endless.chunks = lambda: itertools.chain([HEAD + b"\r\n"], itertools.repeat(b"[" * 10_000))
    with pytest.raises(errors.UnexpectedAnswerError, match=r"more than 200000 bytes.*answer_limit") as caught:
        perform(replace(config, call_timeout=30.0), RetryPolicy(), send(apps.fetch("1")))
    assert caught.value.call == "GET /component/get-project"
    assert endless.sent < 50_000_000


def test_an_answer_that_unfolds_is_not_unfolded_beyond_the_largest_size(
    perform: Any, endless: Endless, config: Config
) -> None:
    packed = gzip.compress(bytes(20_000_000))
    endless.chunks = lambda: iter(
        [HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed), packed]
    )
    with pytest.raises(errors.UnexpectedAnswerError, match="more than 200000 bytes"):
        perform(replace(config, call_timeout=30.0), RetryPolicy(), send(apps.fetch("1")))


def test_of_an_endless_error_only_the_beginning_is_read(perform: Any, endless: Endless, config: Config) -> None:
    head = b"HTTP/1.1 404 Not Found\r\n\r\n"
    endless.chunks = lambda: itertools.chain([head], itertools.repeat(b"no such thing " * 1000))
    with pytest.raises(errors.NotFoundError, match="no such thing") as caught:
        perform(replace(config, call_timeout=30.0), RetryPolicy(), send(apps.fetch("1")))
    assert len(str(caught.value)) < 3000


def test_a_download_that_drips_ends(perform: Any, endless: Endless, config: Config, tmp_path: Path) -> None:
    endless.chunks, endless.pause = trickle(HEAD + b"Content-Length: 99999\r\n\r\n"), 0.02
    began = time.monotonic()
    with pytest.raises(errors.AnswerLostError):
        perform(config, RetryPolicy(attempts=2), fetch(endless.url, DownloadTarget(tmp_path / "data.csv", METER)))
    assert time.monotonic() - began < 5.0


def test_a_download_may_take_longer_than_a_call_if_it_moves_on(
    perform: Any, endless: Endless, config: Config, tmp_path: Path
) -> None:
    blocks = 8
    head = HEAD + b"Content-Length: %d\r\n\r\n" % (blocks << 16)
    endless.chunks, endless.pause = lambda: iter([head, *[bytes(1 << 16)] * blocks]), 0.15
    perform(config, RetryPolicy(), fetch(endless.url, DownloadTarget(tmp_path / "data.csv", METER)))
    assert (tmp_path / "data.csv").stat().st_size == blocks << 16


def test_the_endless_answer_to_a_part_ends(perform: Any, endless: Endless, config: Config, tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a\n1\n")
    endless.chunks, endless.pause = trickle(HEAD + b"ETag: 1\r\nX: "), 0.02
    began = time.monotonic()
    with pytest.raises(errors.AnswerLostError):
        perform(config, RetryPolicy(attempts=2), send_parts(tmp_path / "data.csv", {1: endless.url}, "text/csv", METER))
    assert time.monotonic() - began < 5.0


def test_limits_come_from_arguments_the_environment_and_the_read_timeout(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("IKIGAI_CALL_TIMEOUT", "7")
    monkeypatch.setenv("IKIGAI_ANSWER_LIMIT", "1000")
    given = Ikigai("bob@example.com", "a-key", "http://127.0.0.1:1", processing_timeout=5)._config
    assert (given.call_timeout, given.answer_limit, given.processing_timeout) == (7.0, 1000, 5.0)
    monkeypatch.delenv("IKIGAI_CALL_TIMEOUT")
    slow = AsyncIkigai("bob@example.com", "a-key", "http://127.0.0.1:1", read_timeout=300)._config
    assert slow.call_timeout == 600
    monkeypatch.setenv("IKIGAI_CALL_TIMEOUT", "soon")
    with pytest.raises(errors.ConfigurationError, match="IKIGAI_CALL_TIMEOUT is 'soon'"):
        Ikigai("bob@example.com", "a-key", "http://127.0.0.1:1")
