"""The OpenAPI document, generated from the code. It describes all endpoints well enough to call and test them."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi

from ikigai_core import __version__
from ikigai_core.local.server.routes.heartbeats import PATHS
from ikigai_core.local.store.signing import DATA_PREFIX

PATH = "/openapi.json"

_DESCRIPTION = """The Ikigai platform's API, as the local platform serves it.

An app is called *project* here, a flow *pipeline*. Unknown ids are a 404, what does not fit a 400, what may not be done
a 403, what has to wait a 409. Beyond what schemas can say: where a request takes an id or a name, it needs one of them.
"""
_CREDENTIALS = {"user": "The user's email address.", "api-key": "The key of that user."}


def documented(app: FastAPI) -> Callable[[], dict[str, Any]]:
    """Return the function that creates the OpenAPI document of an application on its first call."""

    def document() -> dict[str, Any]:
        if app.openapi_schema is None:
            schema = get_openapi(
                title=app.title, version=__version__, description=_DESCRIPTION, routes=app.routes, summary=None
            )
            schema["components"]["securitySchemes"] = {
                name: {"type": "apiKey", "in": "header", "name": name, "description": description}
                for name, description in _CREDENTIALS.items()
            }
            # Both are required. FastAPI's own security dependencies would document either of them.
            schema["security"] = [{name: [] for name in _CREDENTIALS}]
            for path, operations in schema["paths"].items():
                if path in PATHS or path.startswith(DATA_PREFIX):
                    for operation in operations.values():
                        operation["security"] = []
            app.openapi_schema = schema
        return app.openapi_schema

    return document
