"""The platform's HTTP API, one module a noun."""

from __future__ import annotations

from ikigai_core.local.routes import (
    apps,
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

ROUTERS = tuple(
    module.router
    for module in (heartbeats, apps, directories, datasets, uploads, data, flows, runs, models, specs, own)
)
