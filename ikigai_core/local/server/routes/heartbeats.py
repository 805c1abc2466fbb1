"""Heartbeats, which need no credentials."""

from __future__ import annotations

from ikigai_core.local.server.routes.routers import open_router
from ikigai_core.local.server.schemas.common import Alive

PATHS = ("/access/heartbeat", "/search/heartbeat")

router = open_router()


@router.get("/access/heartbeat")
@router.get("/search/heartbeat")
async def heartbeat() -> Alive:
    """Confirm that the platform is running."""
    return {"status": "ok"}
