"""The platform's HTTP API, one module a noun."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from ikigai_core.local.routes import (
    apps,
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

_guarded = APIRouter(dependencies=[Depends(check_access)])
for module in (apps, directories, datasets, uploads, flows, runs, models):
    _guarded.include_router(module.router)

ROUTERS = (_guarded, custom_facets.router, heartbeats.router, data.router, specs.router, own.router)
