"""The platform's facet types and model types."""

from __future__ import annotations

from ikigai_core.api.answers import Record, whole
from ikigai_core.api.call import Call, get


def facets() -> Call[Record]:
    return get("/component/get-facet-specs", whole)


def models() -> Call[Record]:
    return get("/component/get-model-specs", whole)
