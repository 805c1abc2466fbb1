"""Tells pages that what they show has changed, as server-sent events. The pages fetch themselves again then."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from fastapi import APIRouter, Request
from fastapi.responses import StreamingResponse
from starlette.concurrency import run_in_threadpool

from ikigai_core.local.console.access import Page, VisibleApp
from ikigai_core.local.platform import Platform
from ikigai_core.local.server.console_address import PREFIX
from ikigai_core.local.server.routes.common import PlatformPart

_BETWEEN_LOOKS = 0.5
# Without a word for so long, a comment shows whether the browser is still there.
_LOOKS_UNTIL_COMMENT = 30

router = APIRouter(prefix=PREFIX, route_class=Page)


@router.get("/apps/{app_id}/changes")
def follow(
    request: Request, platform: PlatformPart, app: VisibleApp, flow: str = "", dataset: str = ""
) -> StreamingResponse:
    """An event for each change in an app; or only of a flow and its run, or of a dataset."""
    closing: asyncio.Event = request.app.state.closing
    events = _events(platform, app.app_id, flow, dataset, closing)
    headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "X-Content-Type-Options": "nosniff"}
    return StreamingResponse(events, media_type="text/event-stream", headers=headers)


async def _events(
    platform: Platform, app_id: str, flow_id: str, dataset_id: str, closing: asyncio.Event
) -> AsyncIterator[str]:
    # The page may be older than this stream, so it always hears once.
    known: Any = None
    quiet = 0
    while not closing.is_set():
        mark = await run_in_threadpool(_mark, platform, app_id, flow_id, dataset_id)
        quiet = 0 if mark != known else quiet + 1
        if mark != known:
            yield "data: changed\n\n"
        elif quiet % _LOOKS_UNTIL_COMMENT == 0:
            yield ": still here\n\n"
        known = mark
        try:
            await asyncio.wait_for(closing.wait(), _BETWEEN_LOOKS)
        except TimeoutError:
            pass


def _mark(platform: Platform, app_id: str, flow_id: str, dataset_id: str) -> Any:
    """Return a value that differs when the page would."""
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
