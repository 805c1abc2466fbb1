"""Server-sent events that tell pages that their content has changed. The pages then reload it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from functools import partial
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from ikigai_core.local.console.access import Page, Viewer, VisibleApp
from ikigai_core.local.console.requests import visible_entries
from ikigai_core.local.platform import Platform
from ikigai_core.local.server.console_address import PREFIX
from ikigai_core.local.server.routes.common import PlatformPart

_BETWEEN_LOOKS = 0.5
# Requests often arrive many at a time, and their page is long.
_BETWEEN_LOOKS_AT_REQUESTS = 2.0
# After so many seconds without an event, a comment shows whether the browser is still connected.
_UNTIL_COMMENT = 15.0

Look = Callable[[], Awaitable[Any]]

router = APIRouter(prefix=PREFIX, route_class=Page, include_in_schema=False)


@router.get("/apps/{app_id}/changes")
def follow(
    request: Request, platform: PlatformPart, app: VisibleApp, flow: str = "", dataset: str = ""
) -> StreamingResponse:
    """Send an event for each change in an app, or only in a flow and its run, or only in a dataset."""
    return _stream(request, partial(run_in_threadpool, _mark, platform, app.app_id, flow, dataset), _BETWEEN_LOOKS)


@router.get("/requests/changes")
def follow_requests(request: Request, platform: PlatformPart, viewer: Viewer) -> StreamingResponse:
    """Send an event if the requests that the viewer may see, or the faults, have changed."""

    # The journal and the faults belong to the event loop.
    async def look() -> Any:
        entries = visible_entries(platform, viewer)
        faults = [order.report() for order in platform.faults.all()]
        return entries[-1].number if entries else 0, sum(entry.seconds is None for entry in entries), faults

    return _stream(request, look, _BETWEEN_LOOKS_AT_REQUESTS)


def _stream(request: Request, look: Look, pause: float) -> StreamingResponse:
    closing: asyncio.Event = request.app.state.closing
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "X-Content-Type-Options": "nosniff"}
    return StreamingResponse(_events(look, pause, closing), media_type="text/event-stream", headers=headers)


async def _events(look: Look, pause: float, closing: asyncio.Event) -> AsyncIterator[str]:
    # The page may have been loaded before this stream began, so the first event is always sent.
    known: Any = None
    quiet = 0.0
    while not closing.is_set():
        mark = await look()
        quiet = 0.0 if mark != known else quiet + pause
        if mark != known:
            yield "data: changed\n\n"
        elif quiet >= _UNTIL_COMMENT:
            quiet = 0.0
            yield ": still here\n\n"
        known = mark
        try:
            await asyncio.wait_for(closing.wait(), pause)
        except TimeoutError:
            pass


def _mark(platform: Platform, app_id: str, flow_id: str, dataset_id: str) -> Any:
    """Return a value that changes if the content of the page changes."""
    if dataset_id:
        dataset = platform.store.datasets.find(dataset_id, app_id=app_id)
        if dataset is None or not dataset.data_file:
            return None
        return dataset.modified_at, dataset.data_file, platform.profiles.get(dataset) is None
    mark = platform.store.overview.mark(app_id, flow_id)
    if not flow_id:
        return mark
    run = platform.store.runs.active(flow_id)
    if run is None or run.app_id != app_id:
        return mark
    return mark, platform.outcomes.status(run), platform.runner.mark(run)
