"""Who looks at a page, and what they may see: sessions for people, HTTP basic authentication for programs."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import Depends, Request, Response
from fastapi.routing import APIRoute
from fastapi.security import HTTPBasic, HTTPBasicCredentials

from ikigai_core.local.console.rendering import page
from ikigai_core.local.console.sessions import Sessions
from ikigai_core.local.platform import Platform
from ikigai_core.local.problems import RefusalError, not_found
from ikigai_core.local.server.console_address import PREFIX
from ikigai_core.local.server.routes.common import PlatformPart
from ikigai_core.local.store.apps import App

REALM = "Ikigai local platform: email address and API key"

_basic = HTTPBasic(realm=REALM, auto_error=False)


class SignInNeededError(Exception):
    """The viewer has to sign in to see the page."""


class Page(APIRoute):
    """A route that also shows errors as pages, and shows the sign-in form to viewers who are not signed in."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """Return the handler of the route."""
        handle = super().get_route_handler()

        async def handle_or_explain(request: Request) -> Response:
            try:
                return await handle(request)
            except SignInNeededError:
                return sign_in_form(request, destination=request.url.path)
            except RefusalError as problem:
                return problem_page(request, problem.message, problem.status)

        return handle_or_explain


def problem_page(request: Request, message: str, status: int) -> Response:
    """Return the page that tells why a page cannot be shown."""
    return page(request, "problem.html", status, message=message)


def sign_in_form(request: Request, *, destination: str, user_email: str = "", problem: str = "") -> Response:
    """Return the sign-in form. After signing in, it redirects to `destination` in the console."""
    values = {"destination": destination, "user_email": user_email, "problem": problem}
    return page(request, "sign_in.html", 401, **values)


def sessions_of(request: Request) -> Sessions:
    """Return the open sessions."""
    sessions: Sessions = request.app.state.sessions
    return sessions


def cookie_name(request: Request) -> str:
    """Return the name of the session's cookie. It contains the port, because platforms on one host share cookies."""
    return f"ikigai_console_{request.url.port or 0}"


def home(request: Request) -> str:
    """Return the path of the console, also if it is behind a proxy."""
    return str(request.scope.get("root_path", "")) + PREFIX


def _viewer(
    request: Request, platform: PlatformPart, given: Annotated[HTTPBasicCredentials | None, Depends(_basic)]
) -> str:
    if given is not None:
        user_email = platform.credentials.user_of(given.username, given.password)
        if user_email is None:
            raise _basic.make_not_authenticated_error()
    else:
        session = sessions_of(request).find(request.cookies.get(cookie_name(request), ""))
        user_email = platform.credentials.user_of(session.user_email, session.api_key) if session else None
    if user_email is None:
        raise SignInNeededError
    request.state.viewer = user_email
    return user_email


Viewer = Annotated[str, Depends(_viewer)]


def visible_app(platform: Platform, viewer: str, app_id: str) -> App:
    """Return an app that the viewer may use. Raise a 404 error if there is none."""
    if platform.store.app_grants.level(app_id, viewer) is None:
        raise not_found("App", app_id)
    return platform.store.apps.get(app_id)


def _visible_app(platform: PlatformPart, viewer: Viewer, app_id: str) -> App:
    return visible_app(platform, viewer, app_id)


VisibleApp = Annotated[App, Depends(_visible_app)]
