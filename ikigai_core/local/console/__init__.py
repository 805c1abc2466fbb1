"""A read-only console in the browser: apps, flows and their runs, datasets, models, requests."""

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

ROUTERS = tuple(
    module.router for module in (static_files, signing_in, apps, flows, datasets, models, requests, changes, unknown)
)

__all__ = ["ROUTERS", "Sessions", "problem_page"]
