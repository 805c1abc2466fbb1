"""Connections that the code that serves a request can close."""

from __future__ import annotations

import asyncio
from typing import Any, cast

from starlette.types import Scope
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

_TRANSPORT = "ikigai.transport"


class Connection(HttpToolsProtocol):
    """A connection that gives its requests access to its transport."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Start to serve a connection."""
        self.app_state: dict[str, Any] = {**self.app_state, _TRANSPORT: transport}
        super().connection_made(transport)


def transport_of(scope: Scope) -> asyncio.Transport:
    """Return the transport of a request."""
    return cast(asyncio.Transport, scope["state"][_TRANSPORT])
