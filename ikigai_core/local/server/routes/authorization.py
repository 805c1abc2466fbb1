"""Refuses requests about apps if the caller has no access or too low an access level."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import Depends, Request

from ikigai_core.local.platform import Platform
from ikigai_core.local.problems import forbidden, not_found
from ikigai_core.local.server.routes.common import Caller, PlatformPart
from ikigai_core.local.store.access import AccessLevel

_OF_OWNERS = {
    "/component/delete-project",
    "/component/share-project",
    "/component/edit-project-access-level-for-user",
    "/component/unshare-project",
}
# These are GETs, but they change a dataset.
_OF_BUILDERS = {"/component/get-dataset-multipart-upload-urls", "/component/verify-dataset-upload"}


async def _named_apps(request: Request) -> list[Any]:
    if request.method != "GET":
        return _apps_in(await _body(request))
    return request.query_params.getlist("project_id")


NamedApps = Annotated[list[Any], Depends(_named_apps)]


def check_access(request: Request, platform: PlatformPart, caller: Caller, named: NamedApps) -> None:
    """Refuse a request about an app if the caller has no access or too low an access level.

    The endpoints themselves refuse apps that do not exist, with a precise message.

    Raises
    ------
    RefusalError
        404 if the app is not shared with the caller, 403 if the access level is too low.
    """
    needed = _needed(request)
    flows = [] if named else request.query_params.getlist("pipeline_id")
    for app_id in [*named, *_apps_of(platform, flows)]:
        _check(platform, caller, app_id, needed)


def _check(platform: Platform, caller: str, app_id: Any, needed: AccessLevel) -> None:
    app = platform.store.apps.find(app_id) if isinstance(app_id, str) else None
    if app is None:
        return
    level = platform.store.app_grants.level(app.app_id, caller)
    if level is None:
        raise not_found("App", app_id)
    if not AccessLevel(level).includes(needed):
        raise forbidden(
            f"App {app.name!r} is shared with you as {level}, and this needs {needed}: ask {app.owner} for it"
        )


def _needed(request: Request) -> AccessLevel:
    path = request.scope["path"]
    if path in _OF_OWNERS:
        return AccessLevel.OWNER
    if request.method != "GET" or path in _OF_BUILDERS:
        return AccessLevel.BUILDER
    return AccessLevel.VIEWER


async def _body(request: Request) -> Any:
    try:
        return await request.json()
    except (ValueError, RecursionError):
        # The endpoint refuses it when it reads the body.
        return None


def _apps_in(body: Any) -> list[Any]:
    parts = body.values() if isinstance(body, dict) else ()
    return [part["project_id"] for part in parts if isinstance(part, dict) and "project_id" in part]


def _apps_of(platform: Platform, flow_ids: list[str]) -> list[str]:
    flows = [platform.store.flows.find(flow_id) for flow_id in flow_ids]
    return [flow.app_id for flow in flows if flow is not None]
