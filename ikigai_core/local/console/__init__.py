"""A read-only console in the browser: apps, flows and their runs, datasets, models, requests."""

from starlette.routing import BaseRoute

from ikigai_core.local.console import (
    apps,
    changes,
    datasets,
    flows,
    models,
    requests,
    signing_in,
    static_files,
    unknown,
)
from ikigai_core.local.console.access import problem_page
from ikigai_core.local.console.sessions import Sessions

_MODULES = (static_files, signing_in, apps, flows, datasets, models, requests, changes, unknown)

ROUTES: tuple[BaseRoute, ...] = tuple(route for module in _MODULES for route in module.router.routes)

__all__ = ["ROUTES", "Sessions", "problem_page"]
