"""Specs of facet types and model types."""

from __future__ import annotations

import json
from functools import lru_cache
from pathlib import Path

from fastapi import Response

from ikigai_core.local.server.routes.routers import open_router
from ikigai_core.local.server.schemas.specs import FacetSpecs, ModelSpecs
from ikigai_core.local.specs import load_facet_specs, load_model_specs, specs_file

router = open_router()


@router.get("/component/get-facet-specs", response_model=FacetSpecs)
def get_facet_specs() -> Response:
    """Return the specs of all facet types."""
    return Response(_facet_specs(specs_file()), media_type="application/json")


@router.get("/component/get-model-specs", response_model=ModelSpecs)
def get_model_specs() -> Response:
    """Return the specs of all model types."""
    return Response(_model_specs(specs_file()), media_type="application/json")


# They are large, and change only with their file.
@lru_cache(maxsize=1)
def _facet_specs(_: Path | None) -> bytes:
    return json.dumps(load_facet_specs()).encode()


@lru_cache(maxsize=1)
def _model_specs(_: Path | None) -> bytes:
    return json.dumps(load_model_specs()).encode()
