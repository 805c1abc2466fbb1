"""The server's own settings."""

from __future__ import annotations

from pathlib import Path

from ikigai_core.local.application import Server, create_app
from ikigai_core.local.platform import Platform, Settings


def test_idle_connections_outlive_the_pauses_of_clients(tmp_path: Path) -> None:
    platform = Platform(Settings(tmp_path))
    try:
        server = Server(create_app(platform), on_ready=lambda: None)
        assert server.config.timeout_keep_alive >= 60
    finally:
        platform.stop()
