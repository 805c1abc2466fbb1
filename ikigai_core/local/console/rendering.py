"""Renders pages as HTML. All values are escaped."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from fastapi import Request
from fastapi.responses import HTMLResponse

from ikigai_core.local.server.console_address import PREFIX

if TYPE_CHECKING:
    from jinja2 import Environment

STATIC = files(__package__) / "static"

_HEADERS = {
    # Blocks scripts in names and messages, and external content.
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
    ),
    "Cache-Control": "no-store",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}
_FIRST_MOMENT, _LAST_MOMENT = (
    int(one.replace(tzinfo=UTC, microsecond=0).timestamp()) for one in (datetime.min, datetime.max)
)
_UNITS = ((86_400, "d"), (3_600, "h"), (60, "min"))


def page(request: Request, template: str, status: int = 200, **values: Any) -> HTMLResponse:
    """Render a template."""
    root = request.scope.get("root_path", "") + PREFIX
    viewer = getattr(request.state, "viewer", "")
    html = _environment().get_template(template).render(root=root, viewer=viewer, version=_version(), **values)
    # What scripts print need not be valid text.
    return HTMLResponse(html.encode(errors="backslashreplace"), status, headers=_HEADERS)


@cache
def _version() -> str:
    """Return a string that changes if the static files change, because browsers cache them."""
    return sha256(b"".join((STATIC / name).read_bytes() for name in ("console.css", "console.js"))).hexdigest()[:12]


@cache
def _environment() -> Environment:
    # Imported with the first page, because most platforms never show one.
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader(__package__), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )
    environment.filters |= {
        "iso": _iso,
        "utc": _utc,
        "json": _as_json,
        "duration": duration,
        "number": number,
        "short": short,
    }
    return environment


def _iso(seconds: float) -> str:
    return _moment(seconds).isoformat(timespec="milliseconds")


def _utc(seconds: float) -> str:
    """Return a time in UTC. The page's script replaces it with the viewer's local time."""
    return _moment(int(seconds)).strftime("%Y-%m-%d %H:%M:%S UTC")


def _moment(seconds: float) -> datetime:
    """Return a time in UTC, the nearest one that Python has: a value of a dataset can lie beyond them."""
    return datetime.fromtimestamp(min(max(seconds, _FIRST_MOMENT), _LAST_MOMENT), UTC)


def _as_json(value: Any) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def duration(seconds: float | None) -> str:
    """Return a duration for people: 42 ms, 4.2 s, 31 s, 2 min 5 s, 3 h 12 min."""
    if seconds is None:
        return ""
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 60:
        return f"{seconds:.{1 if seconds < 10 else 0}f} s"
    size, unit = next(one for one in _UNITS if seconds >= one[0])
    smaller_size, smaller = (*_UNITS, (1, "s"))[[one[1] for one in _UNITS].index(unit) + 1]
    rest = int(seconds % size // smaller_size)
    return f"{int(seconds // size)} {unit}" + (f" {rest} {smaller}" if rest else "")


def number(value: Any) -> str:
    """Return an integer with groups of digits, a fraction with five significant digits, other values as text."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return "" if value is None else str(value)
    if isinstance(value, int) or (value.is_integer() and abs(value) < 1e15):
        return f"{int(value):,}".replace(",", "\u202f") if abs(value) >= 10_000 else str(int(value))
    return f"{value:.5g}"


def short(count: int) -> str:
    """Return a count in a few characters: 9999, 12.3 k, 10 M."""
    for size, unit in ((1_000_000, "M"), (1_000, "k")):
        if count >= max(size, 10_000):
            return f"{count / size:.3g}\u202f{unit}"
    return str(count)
