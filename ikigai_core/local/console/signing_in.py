"""Signing in and out."""

from __future__ import annotations

from urllib.parse import parse_qsl

from fastapi import APIRouter, Request, Response
from fastapi.responses import RedirectResponse

from ikigai_core.local.console.access import Page, cookie_name, home, sessions_of, sign_in_form
from ikigai_core.local.problems import RefusalError, forbidden
from ikigai_core.local.server.console_address import PREFIX, is_console
from ikigai_core.local.server.routes.common import PlatformPart

_LARGEST_FORM = 10_000

router = APIRouter(prefix=PREFIX, route_class=Page, include_in_schema=False)


@router.get("/sign-in")
def show_form(request: Request) -> Response:
    """The sign-in form."""
    return sign_in_form(request, destination=home(request))


@router.post("/sign-in")
async def sign_in(request: Request, platform: PlatformPart) -> Response:
    """Open a session, and redirect to the page that required it."""
    _check_origin(request)
    form = await _form(request)
    user_email, destination = form.get("user_email", ""), _inside(request, form.get("destination", ""))
    known = platform.credentials.user_of(user_email, form.get("api_key", ""))
    if known is None:
        problem = "There is no user with this email address and API key."
        return sign_in_form(request, destination=destination, user_email=user_email, problem=problem)
    answer = RedirectResponse(destination, 303)
    answer.set_cookie(
        cookie_name(request),
        sessions_of(request).begin(known, form["api_key"]),
        path=home(request),
        httponly=True,
        # With "lax", links from an orchestrator's pages keep the session, but a POST from another site gets no cookie.
        samesite="lax",
        secure=request.url.scheme == "https",
    )
    return answer


@router.post("/sign-out")
def sign_out(request: Request) -> Response:
    """End the session."""
    _check_origin(request)
    sessions_of(request).end(request.cookies.get(cookie_name(request), ""))
    answer = RedirectResponse(f"{home(request)}/sign-in", 303)
    answer.delete_cookie(cookie_name(request), path=home(request))
    return answer


def _check_origin(request: Request) -> None:
    """Refuse forms of other sites' pages."""
    if request.headers.get("sec-fetch-site", "same-origin") not in ("same-origin", "none"):
        raise forbidden("This form was sent from another site. Open the console and sign in there")


async def _form(request: Request) -> dict[str, str]:
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _LARGEST_FORM:
            raise RefusalError(413, f"The form is larger than {_LARGEST_FORM} bytes")
    return dict(parse_qsl(body.decode("latin-1"), keep_blank_values=True))


def _inside(request: Request, destination: str) -> str:
    """Return the destination if it is a page of the console; otherwise the console's first page."""
    root = str(request.scope.get("root_path", ""))
    is_page = destination.startswith(root) and is_console(destination.removeprefix(root))
    return destination if is_page and "\\" not in destination else home(request)
