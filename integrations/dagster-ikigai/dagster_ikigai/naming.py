"""Turns the platform's names into names that Dagster accepts."""

from __future__ import annotations

from collections.abc import Iterable

from ikigai_core.orchestration import distinct_slugs, shortened, slug

_LONGEST_TAG_VALUE = 63


def identifier(name: str) -> str:
    """Turn a component's name, such as ``Late flights``, into letters, digits and underscores: ``late_flights``."""
    return slug(name, "_")


def distinct_identifiers(names: Iterable[str]) -> dict[str, str]:
    """Unique identifiers by name. Takes the names oldest first and ignores repeated names."""
    return distinct_slugs(dict.fromkeys(names), "_")


def tag_value(name: str) -> str:
    """Turn a component's name into the value of a tag: at most 63 characters, distinct for distinct identifiers."""
    return shortened(identifier(name), _LONGEST_TAG_VALUE, "_")


def flow_key(app: str, flow: str) -> tuple[str, str, str]:
    """Key of the asset of a flow itself."""
    return identifier(app), "flows", identifier(flow)
