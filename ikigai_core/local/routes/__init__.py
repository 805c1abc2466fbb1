"""The platform's HTTP API, one module a noun."""

from __future__ import annotations

from fastapi import APIRouter, Depends
from starlette.routing import Route

from ikigai_core.local.control.exchange import DOWNLOAD, UPLOAD_PART, operation_of
from ikigai_core.local.routes import (
    apps,
    control,
    custom_facets,
    data,
    datasets,
    directories,
    flows,
    heartbeats,
    models,
    own,
    runs,
    specs,
    uploads,
)
from ikigai_core.local.routes.guard import check_access
from ikigai_core.local.routes.queries import check_query

_GUARDED = (apps, directories, datasets, uploads, flows, runs, models)
_OPEN = (custom_facets, heartbeats, specs)

_guarded = APIRouter(dependencies=[Depends(check_access)])
for module in _GUARDED:
    _guarded.include_router(module.router)

_api = APIRouter(dependencies=[Depends(check_query)])
for router in (_guarded, *(module.router for module in _OPEN)):
    _api.include_router(router)

ROUTERS = (_api, data.router, own.router, control.router)


_paths = [route.path for module in (*_GUARDED, *_OPEN) for route in module.router.routes if isinstance(route, Route)]
OPERATIONS = frozenset({UPLOAD_PART, DOWNLOAD, *(operation_of("", path) for path in _paths)})
"""What faults can be ordered for."""
