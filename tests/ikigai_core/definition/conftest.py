from __future__ import annotations

import pytest

from ikigai_core.local.specs import load_facet_specs
from ikigai_core.specs.facet import FacetTypes


@pytest.fixture(scope="session")
def facet_types() -> FacetTypes:
    """The facet types as the local platform describes them."""
    return FacetTypes(load_facet_specs())
