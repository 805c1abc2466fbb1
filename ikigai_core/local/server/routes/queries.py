"""Refuses unknown and repeated query parameters, which would otherwise be ignored."""

from __future__ import annotations

from fastapi import Request
from fastapi.routing import APIRoute

from ikigai_core.local.problems import bad_request


async def check_query(request: Request) -> None:
    """Refuse a request if a query parameter is unknown to the endpoint or is repeated.

    Raises
    ------
    RefusalError
        400.
    """
    route = request.scope.get("route")
    assert isinstance(route, APIRoute)
    known = [field.alias for field in route.dependant.query_params]
    given = [name for name, _ in request.query_params.multi_items()]
    for name in given:
        if name not in known:
            raise bad_request(f"{name}: there is no such parameter; {route.path} takes: {', '.join(known) or 'none'}")
        if given.count(name) > 1:
            raise bad_request(f"{name}: given {given.count(name)} times; give it once")
