"""The page for addresses that no other page has."""

from __future__ import annotations

from fastapi import APIRouter, Response

from ikigai_core.local.console.access import Page, Viewer
from ikigai_core.local.problems import not_found
from ikigai_core.local.server.console_address import PREFIX

router = APIRouter(prefix=PREFIX, route_class=Page, include_in_schema=False)


@router.get("/{address:path}")
def show_unknown(viewer: Viewer, address: str) -> Response:
    """Tell that there is no such page."""
    raise not_found("Page", address)
