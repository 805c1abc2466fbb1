"""The platform's HTTP API, one module per kind of component."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, Depends
from starlette.routing import Route

from ikigai_core.local.control.exchange import DOWNLOAD, UPLOAD_PART, operation_of
from ikigai_core.local.server.routes import (
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
    stand_ins,
    uploads,
)
from ikigai_core.local.server.routes.authorization import check_access
from ikigai_core.local.server.routes.queries import check_query

_GUARDED = (apps, directories, datasets, uploads, flows, runs, models)
_OPEN = (custom_facets, heartbeats, specs)

# Each router with its checks. Routers are not nested: each level would create all routes again at every start.
ROUTERS: tuple[tuple[APIRouter, Sequence[Any]], ...] = (
    *((module.router, (Depends(check_query), Depends(check_access))) for module in _GUARDED),
    *((module.router, (Depends(check_query),)) for module in _OPEN),
    (data.router, ()),
    (own.router, ()),
    (control.router, ()),
    (stand_ins.router, ()),
)

_paths = [route.path for module in (*_GUARDED, *_OPEN) for route in module.router.routes if isinstance(route, Route)]
OPERATIONS = frozenset({UPLOAD_PART, DOWNLOAD, *(operation_of("", path) for path in _paths)})
"""Operations that faults can be ordered for."""
