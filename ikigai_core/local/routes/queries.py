"""Refuses query parameters that an endpoint does not take: a misspelt one would be ignored otherwise."""

from __future__ import annotations

from fastapi import Request
from fastapi.routing import APIRoute

from ikigai_core.local.problems import bad_request


def check_query(request: Request) -> None:
    """Refuse a request with a parameter in its query that its endpoint lacks.

    Raises
    ------
    Problem
        400.
    """
    route = request.scope.get("route")
    assert isinstance(route, APIRoute)
    known = [field.alias for field in route.dependant.query_params]
    for name in request.query_params:
        if name not in known:
            raise bad_request(f"{name}: there is no such parameter; {route.path} takes: {', '.join(known) or 'none'}")
