"""First steps of every request: clean the path, count the request, check credentials, apply faults."""

from __future__ import annotations

import ipaddress
import re

from starlette.datastructures import Headers
from starlette.responses import JSONResponse, RedirectResponse
from starlette.types import ASGIApp, Receive, Scope, Send

from ikigai_core.local.control.fault_injection import Interception
from ikigai_core.local.platform import Platform
from ikigai_core.local.server import openapi
from ikigai_core.local.server.console_address import PREFIX, is_console
from ikigai_core.local.server.routes import heartbeats, own
from ikigai_core.local.store.signing import DATA_PREFIX

_SLASHES = re.compile("/{2,}")
_NO_CREDENTIALS = JSONResponse({"message": "Missing Authentication Token"}, 403)
_NOT_REMOTELY = (
    "Only the platform's own machine can use the control API: start the platform with --remote-control to allow others"
)


class Gate:
    """ASGI middleware in front of all routes."""

    def __init__(self, app: ASGIApp, platform: Platform) -> None:
        self._app = app
        self._platform = platform
        self._interception = Interception(platform.faults, platform.journal)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        scope["path"] = _SLASHES.sub("/", scope["path"])
        headers = Headers(scope=scope)
        self._count(scope, headers)
        user_email = self._user(headers) or ""
        scope["state"] = {**scope.get("state", {}), "user_email": user_email}
        if scope["path"].startswith(own.PREFIX):
            app = self._control_refusal(scope, user_email) or self._app
            await app(scope, receive, send)
            return
        if is_console(scope["path"]):
            # Requests of the console are not journaled, and faults do not apply to them.
            await self._app(scope, receive, send)
            return
        if scope["path"] == "/" and scope["method"] == "GET" and "text/html" in headers.get("accept", ""):
            # Only browsers accept HTML pages.
            await RedirectResponse(PREFIX)(scope, receive, send)
            return
        app = self._app if user_email or self._is_open(scope["path"]) else _NO_CREDENTIALS
        await self._interception.pass_on(app, scope, receive, send, user_email)

    def _control_refusal(self, scope: Scope, user_email: str) -> ASGIApp | None:
        """Return the app that refuses a request to the control API; None if the request is allowed."""
        if not user_email:
            return _NO_CREDENTIALS
        owner = self._platform.credentials.user_email
        if user_email != owner:
            return JSONResponse({"message": f"The control API is for the platform's own user: {owner}"}, 403)
        if not (self._platform.is_controlled_remotely or _is_loopback(scope)):
            return JSONResponse({"message": _NOT_REMOTELY}, 403)
        return None

    def _user(self, headers: Headers) -> str | None:
        return self._platform.credentials.user_of(headers.get("user", ""), headers.get("api-key", ""))

    def _is_open(self, path: str) -> bool:
        return path in (*heartbeats.PATHS, openapi.PATH) or path.startswith(DATA_PREFIX)

    def _count(self, scope: Scope, headers: Headers) -> None:
        path = scope["path"]
        if path.startswith(own.PREFIX) or is_console(path):
            return
        if path.startswith(DATA_PREFIX):
            path = DATA_PREFIX.rstrip("/")
        self._platform.requests.count(headers.get("user-agent", ""), scope["method"], path)


def _is_loopback(scope: Scope) -> bool:
    host = (scope.get("client") or ("",))[0]
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback
