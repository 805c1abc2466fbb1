"""Connections for tests, and a receiver of what is posted."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import yaml

SECRET = "correct horse battery"


def connect(monkeypatch: pytest.MonkeyPatch, folder: Path, **connections: Any) -> None:
    """Name connections for the runs of a test."""
    path = folder / "elsewhere.yaml"
    path.write_text(yaml.safe_dump(connections))
    monkeypatch.setenv("IKIGAI_LOCAL_CONNECTIONS", str(path))


@dataclass
class Receiver:
    """A server that notes what is posted to it."""

    url: str
    posted: list[Any] = field(default_factory=list)
    headers: list[dict[str, str]] = field(default_factory=list)


@contextmanager
def receiver(answer: Callable[[Any], tuple[int, str]], **more: str) -> Iterator[Receiver]:
    """Serve, answering each body with a status and a text, and `more` headers."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            told.posted.append(body)
            told.headers.append(dict(self.headers))
            status, text = answer(body)
            content = text.encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(content)))
            for name, value in more.items():
                self.send_header(name.replace("_", "-"), value)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    told = Receiver(f"http://127.0.0.1:{server.server_port}")
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
