"""The platform as a web application, and its server."""

from __future__ import annotations

import asyncio
import logging
import socket
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager
from typing import Any

import uvicorn
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect

from ikigai_core.local import console
from ikigai_core.local.control.connections import Connection
from ikigai_core.local.platform import Platform
from ikigai_core.local.problems import RefusalError
from ikigai_core.local.server import openapi
from ikigai_core.local.server.console_address import is_console
from ikigai_core.local.server.middleware import Gate
from ikigai_core.local.server.routes import OPERATIONS, ROUTES

logger = logging.getLogger(__name__)

# Clients keep idle connections for longer than uvicorn's default of 5 s.
_KEEP_ALIVE_SECONDS = 300
_STOP_SECONDS = 0.5


def create_app(platform: Platform) -> FastAPI:
    """Return the web application of a platform. The application starts and stops the platform."""

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        platform.start()
        yield
        platform.stop()

    app = FastAPI(
        title="Ikigai local platform",
        lifespan=lifespan,
        redirect_slashes=False,
        openapi_url=openapi.PATH,
        docs_url=None,
        redoc_url=None,
    )
    app.openapi = openapi.documented(app)  # type: ignore[method-assign]
    app.state.platform = platform
    app.state.sessions = console.Sessions()
    app.state.closing = asyncio.Event()
    app.state.operations = OPERATIONS
    # To include routers would create their routes again at every start, and slows down every request.
    app.router.routes.extend((*ROUTES, *console.ROUTES))
    app.add_exception_handler(RefusalError, _answer_problem)
    app.add_exception_handler(RequestValidationError, _answer_invalid)
    app.add_exception_handler(HTTPException, _answer_http_error)
    app.add_exception_handler(ClientDisconnect, _note_disconnect)
    app.add_exception_handler(Exception, _answer_failure)
    app.add_middleware(Gate, platform=platform)
    return app


class Server(uvicorn.Server):
    """A server that announces when it is ready, and stops without a long wait for open requests.

    Parameters
    ----------
    app : FastAPI
    on_ready : callable
        Coroutine that runs as soon as requests are answered.
    """

    def __init__(self, app: FastAPI, on_ready: Callable[[], Coroutine[Any, Any, None]]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=Connection,
                log_level="warning",
                access_log=False,
                server_header=False,
                timeout_keep_alive=_KEEP_ALIVE_SECONDS,
            )
        )
        # uvicorn passes it to asyncio, which accepts fractions of a second.
        self.config.timeout_graceful_shutdown = _STOP_SECONDS  # type: ignore[assignment]
        self._on_ready = on_ready
        self._closing: asyncio.Event = app.state.closing

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start to serve."""
        await super().startup(sockets)
        if self.started:
            self._readying = asyncio.create_task(self._on_ready())

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """End the event streams, which would never end otherwise, and then stop."""
        self._closing.set()
        await super().shutdown(sockets)


def _answer(request: Request, message: str, status: int, headers: Mapping[str, str] | None = None) -> Response:
    """Tell programs in JSON what is wrong, and people on a page."""
    if not is_console(request.scope["path"]):
        return JSONResponse({"message": message}, status, headers=headers)
    answer = console.problem_page(request, message, status)
    answer.headers.update(headers or {})
    return answer


async def _answer_problem(request: Request, error: Exception) -> Response:
    assert isinstance(error, RefusalError)
    return _answer(request, error.message, error.status)


async def _answer_invalid(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    return _answer(request, "; ".join(map(_sentence, error.errors())), 400)


def _sentence(error: dict[str, object]) -> str:
    """Describe the error of a field, without its value, which can be a secret."""
    location = error["loc"]
    assert isinstance(location, tuple)
    where = location[1:] if len(location) > 1 else location
    if error["type"] == "json_invalid":
        where = ("body",)
    return f"{'.'.join(map(str, where))}: {str(error['msg']).removeprefix('Value error, ')}"


async def _answer_http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    if isinstance(error.__cause__, ClientDisconnect):
        return await _note_disconnect(request, error)
    message = str(error.detail)
    if error.status_code == 404:
        message = f"There is no endpoint {request.method} {request.url.path}"
    elif error.status_code == 405:
        message = f"{request.url.path} does not allow {request.method}"
    elif error.status_code == 400:
        message = "body: it cannot be read as JSON"
    return _answer(request, message, error.status_code, error.headers)


async def _note_disconnect(request: Request, _: Exception) -> Response:
    logger.warning("A client disconnected while it sent %s %s", request.method, request.url.path)
    # Nobody receives it.
    return Response(status_code=400)


async def _answer_failure(request: Request, error: Exception) -> Response:
    # uvicorn logs the error itself.
    return _answer(request, "The local platform failed. Its log has the details", 500)
