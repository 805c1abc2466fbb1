"""Renders pages as HTML."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from ikigai_core.local.server.console_address import PREFIX

if TYPE_CHECKING:
    from jinja2 import Environment

_HEADERS = {
    # Blocks scripts and external content, even if a name or a message contains some.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Render a template. All values are escaped."""
    root = request.scope.get("root_path", "") + PREFIX
    html = _environment().get_template(template).render(root=root, **values)
    return HTMLResponse(html, status, headers=_HEADERS)


@cache
def _environment() -> Environment:
    # Loaded with the first page, because most platforms never show one.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(__package__), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters["when"] = _when
    environment.filters["json"] = _as_json
    return environment


def _when(seconds: int) -> str:
    return datetime.fromtimestamp(int(seconds), UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)
