"""Routers of the HTTP API, with what is checked before a request is served."""

from __future__ import annotations

from fastapi import APIRouter, Depends

from ikigai_core.local.server.routes.authorization import check_access
from ikigai_core.local.server.routes.queries import check_query
from ikigai_core.local.server.schemas.common import REFUSALS


def guarded_router() -> APIRouter:
    """Return a new router for requests that name an app: the caller needs access to it."""
    return APIRouter(dependencies=[Depends(check_query), Depends(check_access)], responses=REFUSALS)


def open_router() -> APIRouter:
    """Return a new router for requests that name no app."""
    return APIRouter(dependencies=[Depends(check_query)], responses=REFUSALS)
