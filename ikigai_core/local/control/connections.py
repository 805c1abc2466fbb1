"""Connections that can be ended by those who serve requests on them."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_TRANSPORT = "ikigai.transport"


class Connection(HttpToolsProtocol):
    """A connection whose requests know its transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Begin to serve a connection."""
        self.app_state: dict[str, Any] = {**self.app_state, _TRANSPORT: transport}
        super().connection_made(transport)


def transport_of(scope: Scope) -> asyncio.Transport:
    """Return the transport that a request came through."""
    return cast(asyncio.Transport, scope["state"][_TRANSPORT])
