"""What every request passes first: paths are cleaned, requests counted, credentials checked."""

from __future__ import annotations

import re

from starlette.datastructures import Headers
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ikigai_core.local.console.address import is_console
from ikigai_core.local.platform import Platform
from ikigai_core.local.routes import heartbeats, own
from ikigai_core.local.signing import DATA_PREFIX

_SLASHES = re.compile("/{2,}")


class Gate:
    """ASGI middleware in front of all routes."""

    def __init__(self, app: ASGIApp, platform: Platform) -> None:
        self._app = app
        self._platform = platform

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request pass, or refuse it."""
        if scope["type"] == "http":
            scope["path"] = _SLASHES.sub("/", scope["path"])
            headers = Headers(scope=scope)
            self._count(scope, headers)
            user_email = self._user(headers)
            if user_email is None and not self._is_open(scope["path"]):
                refusal = JSONResponse({"message": "Missing Authentication Token"}, 403)
                await refusal(scope, receive, send)
                return
            scope["state"] = {**scope.get("state", {}), "user_email": user_email or ""}
        await self._app(scope, receive, send)

    def _user(self, headers: Headers) -> str | None:
        return self._platform.credentials.user_of(headers.get("user", ""), headers.get("api-key", ""))

    def _is_open(self, path: str) -> bool:
        # The console asks for credentials in the way that browsers understand.
        return path in heartbeats.PATHS or path.startswith(DATA_PREFIX) or is_console(path)

    def _count(self, scope: Scope, headers: Headers) -> None:
        path = scope["path"]
        if path.startswith(own.PREFIX) or is_console(path):
            return
        if path.startswith(DATA_PREFIX):
            path = DATA_PREFIX.rstrip("/")
        self._platform.requests.count(headers.get("user-agent", ""), scope["method"], path)
