"""The server's own settings."""

from __future__ import annotations

import socket
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from ikigai_core.local.application import Server, create_app
from ikigai_core.local.platform import Platform, Settings
from ikigai_core.local.process import LocalPlatform


def test_idle_connections_outlive_the_pauses_of_clients(tmp_path: Path) -> None:
    async def on_ready() -> None:
        pass

    platform = Platform(Settings(tmp_path))
    try:
        server = Server(create_app(platform), on_ready=on_ready)
        assert server.config.timeout_keep_alive >= 60
    finally:
        platform.stop()


def test_a_client_that_goes_away_leaves_one_line_in_the_log(
    ikigai_local_server: LocalPlatform, api: Any, app_id: str, until: Callable[..., Any]
) -> None:
    new = {"project_id": app_id, "name": "rows", "directory": {}}
    dataset_id = api.tell("create-dataset", {"dataset": new})["dataset_id"]
    url = urlsplit(api.begin_upload(app_id, dataset_id, "rows.csv", 1000)["urls"]["1"])
    log = ikigai_local_server.data_dir / "server.log"
    before = log.stat().st_size
    head = f"PUT {url.path}?{url.query} HTTP/1.1\r\nHost: x\r\nContent-Type: text/csv\r\nContent-Length: 1000\r\n\r\n"
    with socket.create_connection((url.hostname, url.port or 80)) as connection:
        connection.sendall(head.encode() + b"a,b\n")

    until(lambda: log.stat().st_size > before)
    # What would follow comes before the answer to another request.
    api.ask("get-project", project_id=app_id)
    said = log.read_bytes()[before:].decode().splitlines()
    assert [line for line in said if url.path in line] == said[:1]
    assert "signature" not in said[0]
    assert len(said) == 1
