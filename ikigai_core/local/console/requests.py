"""The page about requests: calls by program and operation, and the ordered faults with their hits."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from statistics import median

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from ikigai_core.local.console.access import Page, Viewer
from ikigai_core.local.console.rendering import page
from ikigai_core.local.control.journal import Entry
from ikigai_core.local.platform import Platform
from ikigai_core.local.server.console_address import PREFIX
from ikigai_core.local.server.routes.common import PlatformPart

_MOST_SHOWN = 200
_LONGEST_BODY = 2000
_FIRST_ERROR = 400

router = APIRouter(prefix=PREFIX, route_class=Page, include_in_schema=False, default_response_class=HTMLResponse)


@dataclass
class Calls:
    """The requests of one program for one operation."""

    agent: str
    operation: str
    count: int = 0
    refused: int = 0
    faults: int = 0
    seconds: list[float] = field(default_factory=list)

    @property
    def median_seconds(self) -> float | None:
        """The median of their durations."""
        return median(self.seconds) if self.seconds else None

    def add(self, entry: Entry) -> None:
        """Count a request."""
        self.count += 1
        self.refused += entry.status is not None and entry.status >= _FIRST_ERROR
        self.faults += bool(entry.fault_id)
        if entry.seconds is not None:
            self.seconds.append(entry.seconds)


# The journal and the faults belong to the event loop.
@router.get("/requests")
async def show_requests(request: Request, platform: PlatformPart, viewer: Viewer) -> Response:
    """The latest requests: all of them for the platform's own user, their own for others."""
    owns = viewer == platform.credentials.user_email
    entries = visible_entries(platform, viewer)
    newest = entries[: -_MOST_SHOWN - 1 : -1]
    return page(
        request,
        "requests.html",
        calls=_calls(entries),
        faults=[order.report() for order in platform.faults.all()] if owns else [],
        newest=[(entry, _origin(entry), _body(entry)) for entry in newest],
        total=len(entries),
        owns=owns,
    )


def visible_entries(platform: Platform, viewer: str) -> list[Entry]:
    """Return the requests that the viewer may see, oldest first."""
    owns = viewer == platform.credentials.user_email
    return platform.journal.entries(user=None if owns else viewer)


def _calls(entries: Iterable[Entry]) -> list[Calls]:
    found: dict[tuple[str, str], Calls] = {}
    for entry in entries:
        key = (entry.exchange.agent, entry.exchange.operation)
        found.setdefault(key, Calls(*key)).add(entry)
    return sorted(found.values(), key=lambda calls: (calls.agent, -calls.count))


def _body(entry: Entry) -> str:
    body = entry.exchange.body
    return "" if body is None else json.dumps(body, indent=2, ensure_ascii=False)[:_LONGEST_BODY]


def _origin(entry: Entry) -> str:
    return " · ".join(value for name, value in entry.exchange.origin.items() if name != "url")
