"""The command: what it takes, what it says, how it ends."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import stat
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO, Any

import pytest
import requests

from tests import forked_platforms
from tests.forked_platforms import ForkedPlatform

READY = re.compile(r"ready at (http://127\.0\.0\.1:\d+) \(credentials of \S+@\S+: (.*)\)")


def clean(environment: dict[str, str]) -> dict[str, str]:
    """The environment of a command: ours without settings, and something else."""
    return {name: value for name, value in os.environ.items() if not name.startswith("IKIGAI_")} | environment


@contextmanager
def started(*arguments: str, **environment: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run the command in a new interpreter; give the process and the line that it says when it is ready."""
    command = [sys.executable, "-m", "ikigai_core.local", "--port", "0", *arguments]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env=clean(environment)) as process:
        try:
            assert process.stdout is not None
            yield process, process.stdout.readline()
        finally:
            process.kill()


@contextmanager
def serving(*arguments: str, **environment: str) -> Iterator[str]:
    """Run the command, forked, which is ten times as fast; give the line that it says when it is ready."""
    with TemporaryFile() as complaints, forked(complaints, *arguments, **environment) as process:
        yield process.stdout.readline().decode()


def refusal(*arguments: str) -> str:
    """Run a command that cannot start; give what it complains of."""
    with TemporaryFile() as complaints:
        with forked(complaints, *arguments) as process:
            assert process.stdout.readline() == b""
            assert process.wait(30) == 1
        complaints.seek(0)
        return complaints.read().decode()


@contextmanager
def forked(complaints: IO[bytes], *arguments: str, **environment: str) -> Iterator[ForkedPlatform]:
    process = forked_platforms.start(["--port", "0", *arguments], clean(environment), complaints)
    with process.stdout:
        try:
            yield process
        finally:
            if process.poll() is None:
                process.send_signal(signal.SIGKILL)
            process.wait()


def accepts(url: str, email: str, key: str) -> bool:
    headers = {"user": email, "api-key": key}
    return requests.get(f"{url}/component/get-projects-for-user", headers=headers, timeout=30).status_code == 200


def test_one_line_says_where_the_platform_and_its_credentials_are(tmp_path: Path) -> None:
    with serving("--data-dir", str(tmp_path)) as line:
        ready = READY.search(line)
        assert ready is not None
        kept = Path(ready[2].removeprefix("in "))
        assert kept.parent == tmp_path
        assert stat.S_IMODE(kept.stat().st_mode) == 0o600
        credentials = json.loads(kept.read_text())
        assert accepts(ready[1], credentials["user_email"], credentials["api_key"])
        assert credentials["api_key"] not in line


def test_a_kept_key_is_the_key_of_the_next_start(tmp_path: Path) -> None:
    kept = tmp_path / "credentials.json"
    with serving("--data-dir", str(tmp_path)):
        first = kept.read_text()
    with serving("--data-dir", str(tmp_path)) as line:
        assert READY.search(line)
        assert kept.read_text() == first


def test_credentials_on_the_command_line_are_the_ones_and_are_not_kept(tmp_path: Path) -> None:
    given = ("--user-email", "ann@example.com", "--api-key", "a key of hers")
    with serving("--data-dir", str(tmp_path), *given) as line:
        ready = READY.search(line)
        assert ready is not None
        assert accepts(ready[1], "ann@example.com", "a key of hers")
    texts = [path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()]
    assert texts
    assert not any(b"a key of hers" in text for text in texts)


def test_credentials_come_from_the_environment_too() -> None:
    with serving(IKIGAI_USER_EMAIL="eve@example.com", IKIGAI_API_KEY="from-outside") as line:
        ready = READY.search(line)
        assert ready is not None
        assert accepts(ready[1], "eve@example.com", "from-outside")


def test_ctrl_c_stops_it_well_within_a_second_and_leaves_nothing(tmp_path: Path) -> None:
    with started(TMPDIR=str(tmp_path)) as (process, line):
        assert READY.search(line)
        assert_it_stops(process, line, signal.SIGINT, tmp_path)


def test_a_kill_stops_it_well_within_a_second_and_leaves_nothing(tmp_path: Path) -> None:
    with TemporaryFile() as complaints, forked(complaints, TMPDIR=str(tmp_path)) as process:
        assert_it_stops(process, process.stdout.readline().decode(), signal.SIGTERM, tmp_path)


def assert_it_stops(process: Any, line: str, how: signal.Signals, folder: Path) -> None:
    assert list(folder.iterdir())
    # An open connection must not hold it up.
    with socket.create_connection(("127.0.0.1", int(line.split(":")[2].split()[0]))):
        began = time.monotonic()
        process.send_signal(how)
        assert process.wait(10) == 0
        assert time.monotonic() - began < 1.0
    assert list(folder.iterdir()) == []


def test_a_port_that_is_taken_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = str(other.getsockname()[1])
        assert f"127.0.0.1:{port}" in refusal("--port", port)


def test_an_email_that_clients_refuse_is_refused() -> None:
    assert "'me@localhost'" in refusal("--user-email", "me@localhost")


def test_a_key_that_no_header_can_carry_is_refused_without_being_shown() -> None:
    complaint = refusal("--api-key", "schlüssel")
    assert "API key" in complaint
    assert "schlüssel" not in complaint


def test_a_folder_that_is_not_a_platforms_is_refused(tmp_path: Path) -> None:
    (tmp_path / "platform.sqlite").write_text("not a database " * 100)
    assert "not a database" in refusal("--data-dir", str(tmp_path))


@pytest.mark.parametrize("host", ["localhost", "0.0.0.0"])
def test_it_listens_where_it_is_told(host: str) -> None:
    with serving("--host", host) as line:
        port = line.partition(" (")[0].rpartition(":")[2]
        assert requests.get(f"http://{host}:{port}/access/heartbeat", timeout=30).status_code == 200


def test_two_platforms_cannot_serve_one_folder(tmp_path: Path) -> None:
    with serving("--data-dir", str(tmp_path)) as line:
        assert READY.search(line)
        assert str(tmp_path) in refusal("--data-dir", str(tmp_path))
