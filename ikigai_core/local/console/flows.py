"""Pages about flows and their runs."""

from __future__ import annotations

import re
from typing import Any

from fastapi import APIRouter, Request, Response
from fastapi.responses import HTMLResponse

from ikigai_core.local.console.access import Page, VisibleApp
from ikigai_core.local.console.apps import PER_PAGE, PageNumber
from ikigai_core.local.console.charts import columns
from ikigai_core.local.console.facets import FacetView, view
from ikigai_core.local.console.rendering import page
from ikigai_core.local.console.scripts import Script, script_of
from ikigai_core.local.platform import Platform
from ikigai_core.local.problems import not_found
from ikigai_core.local.server.console_address import PREFIX
from ikigai_core.local.server.routes.common import PlatformPart
from ikigai_core.local.server.routes.runs import get_status
from ikigai_core.local.store.overview import Begun
from ikigai_core.local.store.runs import Run, RunState

_MOST_BARS = 80
_CHART = (720.0, 110.0)

router = APIRouter(prefix=PREFIX, route_class=Page, include_in_schema=False, default_response_class=HTMLResponse)


@router.get("/apps/{app_id}/flows/{flow_id}")
def show_flow(
    request: Request,
    platform: PlatformPart,
    app: VisibleApp,
    flow_id: str,
    facet: str = "",
    runs: PageNumber = 1,
) -> Response:
    """The page of a flow: its drawing with the states of the last run, and its runs."""
    flow = platform.store.flows.get(flow_id, app_id=app.app_id)
    newest = platform.store.overview.runs(flow_id, max(_MOST_BARS, PER_PAGE + 1))
    older = platform.store.overview.runs(flow_id, PER_PAGE + 1, (runs - 1) * PER_PAGE) if runs > 1 else newest
    last = platform.store.runs.get(newest[0].run_id) if newest else None
    picture = _picture(platform, flow.definition, last)
    return page(
        request,
        "flow.html",
        app=app,
        flow=flow,
        state=get_status(platform, app.app_id, flow_id),
        picture=picture,
        chosen=_chosen(picture["view"].facets, facet),
        last=newest[0] if newest else None,
        runs=older[:PER_PAGE],
        chart=_chart(newest),
        number=runs,
        is_more=len(older) > PER_PAGE,
    )


@router.get("/apps/{app_id}/flows/{flow_id}/runs/{run_id}")
def show_run(
    request: Request, platform: PlatformPart, app: VisibleApp, flow_id: str, run_id: str, facet: str = ""
) -> Response:
    """The page of a run: its state, its facets, and why it failed."""
    flow = platform.store.flows.get(flow_id, app_id=app.app_id)
    run = platform.store.runs.get(run_id)
    times = platform.store.overview.run(run_id)
    if run is None or times is None or run.flow_id != flow_id:
        raise not_found("Run", run_id)
    picture = _picture(platform, run.definition, run)
    facets = picture["view"].facets
    return page(
        request,
        "run.html",
        app=app,
        flow=flow,
        run=run,
        times=times,
        state=get_status(platform, app.app_id, flow_id) if not times.is_over else None,
        printed=run.printed if times.is_over else platform.runner.printed(run),
        picture=picture,
        failed=facets.get(run.facet_id),
        origin_url=_link(run.origin.get("url", "")),
        script=_failed_script(run, facets.get(run.facet_id)),
        chosen=_chosen(facets, facet),
    )


def _picture(platform: Platform, definition: dict[str, Any], run: Run | None) -> dict[str, Any]:
    """Return the drawing of a definition, and whether states of its facets in the run are known."""
    goes_on = run is not None and run.state != RunState.OVER
    notes = platform.runner.facets(run) if run is not None else {}
    failed = run.facet_id if run is not None else ""
    return {"view": view(definition, notes, goes_on=goes_on, failed=failed), "is_known": bool(notes) or goes_on}


def _chosen(facets: Any, facet_id: str) -> FacetView | None:
    chosen: FacetView | None = facets.get(facet_id)
    return chosen


def _chart(newest: list[Begun]) -> list[tuple[Begun, Any]]:
    """Return the bars of the durations of the last runs, oldest first."""
    ended = [run for run in newest[:_MOST_BARS] if run.is_over][::-1]
    return list(zip(ended, columns([run.ended - run.began for run in ended], *_CHART), strict=True))


def _link(url: str) -> str:
    """Return the address if a page may link to it, otherwise an empty string, for example for `javascript:`."""
    return url if url.startswith(("http://", "https://")) else ""


def _failed_script(run: Run, facet: FacetView | None) -> Script | None:
    """Return the script of the facet that failed, with the line that its message names."""
    if facet is None or not isinstance(facet.arguments.get("script"), str):
        return None
    line = re.search(r"\(line (\d+): ", run.message)
    return script_of(facet.arguments["script"], int(line.group(1)) if line else 0)
