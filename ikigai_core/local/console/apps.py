"""Pages about apps: all of them, one with its content, and the search."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Query, Request, Response
from fastapi.responses import HTMLResponse

from ikigai_core.local.console.access import Page, Viewer, VisibleApp
from ikigai_core.local.console.rendering import page
from ikigai_core.local.platform import Platform
from ikigai_core.local.server.console_address import PREFIX
from ikigai_core.local.server.routes.common import PlatformPart
from ikigai_core.local.server.routes.runs import get_status
from ikigai_core.local.store.overview import Begun

PER_PAGE = 100
_MOST_FOUND = 200

PageNumber = Annotated[int, Query(ge=1, le=1_000_000)]

router = APIRouter(prefix=PREFIX, route_class=Page, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("")
@router.get("/")
@router.get("/apps")
def list_apps(request: Request, platform: PlatformPart, viewer: Viewer) -> Response:
    """The viewer's apps."""
    levels = platform.store.app_grants.levels(viewer)
    apps = [app for app in platform.store.apps.all() if app.app_id in levels]
    return page(request, "apps.html", apps=apps, levels=levels)


@router.get("/search")
def search(request: Request, platform: PlatformPart, viewer: Viewer, q: str = "") -> Response:
    """The search results: components that contain the words and that the viewer may see."""
    words = q.strip()
    levels = platform.store.app_grants.levels(viewer)
    apps = {app.app_id: app for app in platform.store.apps.all() if app.app_id in levels}
    found_apps = [app for app in apps.values() if words.casefold() in app.name.casefold() or words == app.app_id]
    found = platform.store.overview.search(words, apps, _MOST_FOUND) if words else []
    return page(
        request,
        "search.html",
        words=words,
        apps=apps,
        found_apps=found_apps if words else [],
        found=found,
        most=_MOST_FOUND,
    )


@router.get("/apps/{app_id}")
def show_app(
    request: Request,
    platform: PlatformPart,
    app: VisibleApp,
    flows: PageNumber = 1,
    datasets: PageNumber = 1,
    models: PageNumber = 1,
) -> Response:
    """The content of an app."""
    store, app_id = platform.store, app.app_id
    skipped = {"flow": flows - 1, "dataset": datasets - 1, "model": models - 1}
    offsets = {kind: pages * PER_PAGE for kind, pages in skipped.items()}
    return page(
        request,
        "app.html",
        app=app,
        busy=[(run, _status(platform, app_id, run)) for run in store.overview.unfinished(app_id, PER_PAGE)],
        flows=store.overview.flows(app_id, PER_PAGE, offsets["flow"]),
        datasets=store.datasets.part(PER_PAGE, offsets["dataset"], app_id=app_id),
        models=store.models.part(PER_PAGE, offsets["model"], app_id=app_id),
        counts={kind: store.overview.count(kind, app_id) for kind in offsets},
        offsets=offsets,
        per_page=PER_PAGE,
    )


def _status(platform: Platform, app_id: str, run: Begun) -> Any:
    return get_status(platform, app_id, run.flow_id)["progress"]
