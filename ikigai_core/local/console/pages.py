"""The pages of the console, one function each."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from fastapi.responses import HTMLResponse
from fastapi.routing import APIRoute
from fastapi.security import HTTPBasic, HTTPBasicCredentials

from ikigai_core.definition.definition import FlowDefinition
from ikigai_core.errors import InvalidDefinitionError
from ikigai_core.local.console.rendering import page
from ikigai_core.local.problems import RefusalError, not_found
from ikigai_core.local.server.console_address import PREFIX
from ikigai_core.local.server.routes.common import PlatformPart
from ikigai_core.local.server.routes.runs import get_status
from ikigai_core.local.specs import load_facet_specs
from ikigai_core.local.store.apps import App
from ikigai_core.local.store.flows import Flow
from ikigai_core.local.store.runs import RunState

_MOST_RUNS = 200

_REALM = "Ikigai local platform: email address and API key"


class _Page(APIRoute):
    """A route that shows errors as pages, too."""

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        handle = super().get_route_handler()

        async def handle_or_explain(request: Request) -> Response:
            try:
                return await handle(request)
            except RefusalError as problem:
                return page(request, "problem.html", problem.status, message=problem.message)

        return handle_or_explain


def _viewer(
    platform: PlatformPart,
    given: Annotated[HTTPBasicCredentials, Depends(HTTPBasic(realm=_REALM))],
) -> str:
    user_email = platform.credentials.user_of(given.username, given.password)
    if user_email is None:
        raise HTTPBasic(realm=_REALM).make_not_authenticated_error()
    return user_email


Viewer = Annotated[str, Depends(_viewer)]


def _visible_app(platform: PlatformPart, viewer: Viewer, app_id: str) -> App:
    if platform.store.app_grants.level(app_id, viewer) is None:
        raise not_found("App", app_id)
    return platform.store.apps.get(app_id)


VisibleApp = Annotated[App, Depends(_visible_app)]

router = APIRouter(prefix=PREFIX, route_class=_Page, default_response_class=HTMLResponse)


@router.get("")
@router.get("/")
@router.get("/apps")
def list_apps(request: Request, platform: PlatformPart, viewer: Viewer) -> HTMLResponse:
    """The viewer's apps."""
    levels = platform.store.app_grants.levels(viewer)
    apps = [app for app in platform.store.apps.all() if app.app_id in levels]
    return page(request, "apps.html", viewer=viewer, apps=apps, levels=levels)


@router.get("/apps/{app_id}")
def show_app(request: Request, platform: PlatformPart, app: VisibleApp) -> HTMLResponse:
    """The content of an app."""
    store = platform.store
    flows = store.flows.all(app_id=app.app_id)
    return page(
        request,
        "app.html",
        app=app,
        flows=flows,
        last_runs={flow.flow_id: next(iter(store.runs.logs(flow.flow_id, 1)), None) for flow in flows},
        datasets=store.datasets.all(app_id=app.app_id),
        models=store.models.all(app_id=app.app_id),
    )


@router.get("/apps/{app_id}/flows/{flow_id}")
def show_flow(request: Request, platform: PlatformPart, app: VisibleApp, flow_id: str) -> HTMLResponse:
    """A flow with its diagram and its past runs."""
    flow = platform.store.flows.get(flow_id, app_id=app.app_id)
    return page(
        request,
        "flow.html",
        app=app,
        flow=flow,
        state=get_status(platform, app.app_id, flow_id),
        picture=_picture(platform, flow),
        runs=platform.store.runs.logs(flow_id, _MOST_RUNS),
    )


@router.get("/apps/{app_id}/flows/{flow_id}/runs/{run_id}")
def show_run(request: Request, platform: PlatformPart, app: VisibleApp, flow_id: str, run_id: str) -> HTMLResponse:
    """The result of a run, or the note that it is still running."""
    flow = platform.store.flows.get(flow_id, app_id=app.app_id)
    run = platform.store.runs.get(run_id)
    if run is None or run.flow_id != flow_id:
        raise not_found("Run", run_id)
    names = {facet.get("facet_id"): facet.get("name") for facet in run.definition.get("facets", [])}
    return page(
        request,
        "run.html",
        app=app,
        flow=flow,
        run=run,
        is_over=run.state == RunState.OVER,
        facet=names.get(run.facet_id) or run.facet_id,
    )


@router.get("/apps/{app_id}/datasets/{dataset_id}")
def show_dataset(request: Request, platform: PlatformPart, app: VisibleApp, dataset_id: str) -> HTMLResponse:
    """The columns, size and log of a dataset."""
    dataset = platform.store.datasets.get(dataset_id, app_id=app.app_id)
    log = platform.store.dataset_log.newest(dataset_id, _MOST_RUNS)
    return page(request, "dataset.html", app=app, dataset=dataset, log=log)


@router.get("/apps/{app_id}/models/{model_id}")
def show_model(request: Request, platform: PlatformPart, app: VisibleApp, model_id: str) -> HTMLResponse:
    """A model and its versions."""
    model = platform.store.models.get(model_id, app_id=app.app_id)
    versions = platform.store.model_versions.all(model_id=model_id)
    return page(request, "model.html", app=app, model=model, versions=versions)


def _picture(platform: PlatformPart, flow: Flow) -> str:
    """Return a flow's definition as Mermaid text; empty if the definition is not valid."""
    titles = {
        spec["facet_info"]["facet_uid"]: facet_type.replace("_", " ").title()
        for chain_group in load_facet_specs().values()
        for facet_group in chain_group.values()
        for facet_type, spec in facet_group.items()
    }
    try:
        return FlowDefinition.load(flow.definition).to_mermaid(titles)
    except (InvalidDefinitionError, KeyError):
        return ""
