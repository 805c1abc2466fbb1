"""The console's style, script and icon."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from ikigai_core.local.console.access import Page
from ikigai_core.local.console.rendering import STATIC
from ikigai_core.local.problems import not_found
from ikigai_core.local.server.console_address import PREFIX

_TYPES = {"console.css": "text/css", "console.js": "text/javascript", "icon.svg": "image/svg+xml"}

router = APIRouter(prefix=f"{PREFIX}/static", route_class=Page, include_in_schema=False)


@router.get("/{name}")
def get_file(request: Request, name: str) -> Response:
    """Return a static file. Its address changes with its content, so browsers may cache it."""
    if name not in _TYPES:
        raise not_found("File", name)
    headers = {"Cache-Control": "max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return Response((STATIC / name).read_bytes(), media_type=_TYPES[name], headers=headers)
