"""Facet and model specs of the local platform, as data for `get-facet-specs` and `get-model-specs`.

The YAML files contain only what differs from the defaults. The loaders add all other fields of the wire format. A file
with the specs of an account can replace them; the engine always reads its own specs.
"""

from __future__ import annotations

from ikigai_core.local.specs.facet_specs import engine_spec
from ikigai_core.local.specs.in_use import (
    facet_specs_by_uid,
    load_facet_specs,
    load_model_specs,
    merged_specs,
    specs_file,
    use_specs,
)

__all__ = [
    "engine_spec",
    "facet_specs_by_uid",
    "load_facet_specs",
    "load_model_specs",
    "merged_specs",
    "specs_file",
    "use_specs",
]
