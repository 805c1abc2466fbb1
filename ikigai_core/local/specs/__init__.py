"""Facet and model specs of the local platform, as data for `get-facet-specs` and `get-model-specs`.

The YAML files contain only what differs from the defaults. The loaders add all other fields of the wire format.
"""

from __future__ import annotations

from ikigai_core.local.specs.facet_specs import facet_specs_by_uid, load_facet_specs
from ikigai_core.local.specs.model_specs import load_model_specs

__all__ = ["facet_specs_by_uid", "load_facet_specs", "load_model_specs"]
