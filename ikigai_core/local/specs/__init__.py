"""Facet and model specs of the local platform: the answers of `get-facet-specs` and `get-model-specs`, kept as data.

The YAML files say only what is particular; the loaders fill in every flag that the wire format has.
"""

from __future__ import annotations

from ikigai_core.local.specs.facet_specs import facet_specs_by_uid, load_facet_specs
from ikigai_core.local.specs.model_specs import load_model_specs

__all__ = ["facet_specs_by_uid", "load_facet_specs", "load_model_specs"]
