"""Signs of life; the only calls that need no credentials."""

from __future__ import annotations

from fastapi import APIRouter

from ikigai_core.local.routes.common import Answer

PATHS = ("/access/heartbeat", "/search/heartbeat")

router = APIRouter()


@router.get("/access/heartbeat")
@router.get("/search/heartbeat")
async def heartbeat() -> Answer:
    """Say that the platform is there."""
    return {"status": "ok"}
