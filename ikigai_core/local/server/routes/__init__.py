"""The platform's HTTP API, one module per kind of component."""

from __future__ import annotations

from starlette.routing import BaseRoute, Route

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

_OF_USERS = (apps, directories, datasets, uploads, flows, runs, models, custom_facets, heartbeats, specs)

ROUTES: tuple[BaseRoute, ...] = tuple(
    route for module in (*_OF_USERS, data, own, control, stand_ins) for route in module.router.routes
)

_paths = [route.path for module in _OF_USERS for route in module.router.routes if isinstance(route, Route)]
OPERATIONS = frozenset({UPLOAD_PART, DOWNLOAD, *(operation_of("", path) for path in _paths)})
"""Operations that faults can be ordered for."""
