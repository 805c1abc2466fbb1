"""Request counts, which only the local platform has."""

from __future__ import annotations

from fastapi import APIRouter

from ikigai_core.local.server.routes.common import Answer, PlatformPart
from ikigai_core.local.server.schemas.common import REFUSALS

PREFIX = "/_local/"

router = APIRouter(prefix=PREFIX.rstrip("/"), responses=REFUSALS)


@router.get("/requests")
async def get_requests(platform: PlatformPart) -> Answer:
    """Return the counts of all requests, by user agent."""
    return platform.requests.report()


@router.post("/requests/reset")
async def reset_requests(platform: PlatformPart) -> Answer:
    """Set all counts to zero."""
    platform.requests.reset()
    return platform.requests.report()
