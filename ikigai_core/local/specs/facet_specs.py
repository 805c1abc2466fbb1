"""Facet specs: the arguments of each facet type, and the rules for its connections."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from ikigai_core.local.specs.documents import read_documents

FacetSpec = dict[str, Any]
FacetSpecs = dict[str, dict[str, dict[str, FacetSpec]]]

_FOLDER = Path(__file__).parent / "facets"
# Value of `any` in the files. It is a number because clients read and compare the counts as numbers.
_ANY_NUMBER = 9999


@cache
def own_facet_specs() -> FacetSpecs:
    """Return the local platform's own facet specs in wire format: chain group, facet group, facet type.

    The facet groups of a chain group are in reverse order: clients merge them into one mapping that lists the last
    group first. The result is cached, so treat it as read-only.
    """
    chains: dict[str, dict[str, dict[str, FacetSpec]]] = {"INPUT": {}, "MID": {}, "OUTPUT": {}}
    for document in reversed(read_documents(_FOLDER)):
        chains[document["chain_group"]][document["facet_group"]] = {
            facet_type: _facet_spec(document, facet_type, entry) for facet_type, entry in document["facets"].items()
        }
    return chains


@cache
def engine_spec(chain_group: str, facet_type: str) -> FacetSpec | None:
    """Return the spec that the engine's implementation of a facet type follows; None if it knows no such type."""
    for group in own_facet_specs().get(chain_group, {}).values():
        if facet_type in group:
            return group[facet_type]
    return None


def _facet_spec(document: dict[str, Any], facet_type: str, entry: dict[str, Any]) -> FacetSpec:
    requirement = _requirement(
        parents=entry.get("parents", document.get("parents", [0, 0])),
        children=entry.get("children", document.get("children", [0, 0])),
    )
    return {
        "facet_info": {
            "chain_group": document["chain_group"],
            "facet_group": document["facet_group"],
            "facet_type": facet_type,
            "facet_uid": entry["uid"],
        },
        "is_deprecated": entry.get("deprecated", False),
        "is_hidden": entry.get("hidden", False),
        "facet_keywords": entry.get("keywords", []),
        "facet_requirement": requirement,
        "facet_requirements": requirement,
        "facet_arguments": _argument_specs(entry.get("arguments")),
        "in_arrow_arguments": _argument_specs(entry.get("in_arrow_arguments")),
        "out_arrow_arguments": _argument_specs(entry.get("out_arrow_arguments")),
    }


def _requirement(parents: list[Any], children: list[Any]) -> dict[str, int]:
    counts = {
        "max_child_count": children[1],
        "min_child_count": children[0],
        "max_parent_count": parents[1],
        "min_parent_count": parents[0],
    }
    return {name: _ANY_NUMBER if count == "any" else count for name, count in counts.items()}


def _argument_specs(entries: dict[str, dict[str, Any]] | None) -> list[dict[str, Any]]:
    return [_argument_spec(name, entry) for name, entry in (entries or {}).items()]


def _argument_spec(name: str, entry: dict[str, Any]) -> dict[str, Any]:
    children = {child: _argument_spec(child, child_entry) for child, child_entry in entry.get("children", {}).items()}
    return {
        "name": name,
        "argument_type": entry["type"],
        "default_value": entry.get("default"),
        "options": entry.get("options", []),
        "children": children,
        "have_sub_arguments": bool(children),
        "is_deprecated": entry.get("deprecated", False),
        "is_hidden": entry.get("hidden", False),
        "is_list": entry.get("list", False),
        "is_required": entry.get("required", False),
    }
