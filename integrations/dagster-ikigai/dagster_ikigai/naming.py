"""Names that Dagster accepts, made from the platform's free ones."""

from __future__ import annotations

from collections.abc import Iterable

from ikigai_core.orchestration import distinct_slugs, shortened, slug

_LONGEST_TAG_VALUE = 63


def identifier(name: str) -> str:
    """Turn a component's name, such as ``Late flights``, into letters, digits and underscores: ``late_flights``."""
    return slug(name, "_")


def distinct_identifiers(names: Iterable[str]) -> dict[str, str]:
    """Identifier by name, each its own: oldest first; one that is there twice is one name."""
    return distinct_slugs(dict.fromkeys(names), "_")


def tag_value(name: str) -> str:
    """Turn a component's name into the value of a tag: at most 63 characters, distinct for distinct identifiers."""
    return shortened(identifier(name), _LONGEST_TAG_VALUE, "_")


def flow_key(app: str, flow: str) -> tuple[str, str, str]:
    """Key of what is told of a flow itself."""
    return identifier(app), "flows", identifier(flow)
