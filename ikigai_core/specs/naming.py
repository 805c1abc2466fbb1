"""How names of facet types and model types are matched."""

from __future__ import annotations


def folded(name: str) -> str:
    """A name without case, spaces and underscores: ``CustomFacet``, ``Custom Facet`` and ``CUSTOM_FACET`` are one."""
    return name.lower().replace("_", "").replace(" ", "")
