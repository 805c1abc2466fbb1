"""What facet types and model types there are."""

from __future__ import annotations

from fastapi import APIRouter

from ikigai_core.local.routes.common import Answer, PlatformPart

router = APIRouter()


@router.get("/component/get-facet-specs")
def get_facet_specs(platform: PlatformPart) -> Answer:
    """Return the specs of all facet types."""
    return platform.facet_specs


@router.get("/component/get-model-specs")
def get_model_specs(platform: PlatformPart) -> Answer:
    """Return the specs of all model types."""
    return platform.model_specs
