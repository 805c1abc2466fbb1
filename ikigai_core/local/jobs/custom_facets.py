"""Custom facets in a run: the script of the requested version, if the run's user may run it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from typing import Any

from ikigai_core.local.specs import facet_specs_by_uid
from ikigai_core.local.store import Store
from ikigai_core.local.store.custom_facets import CustomFacet, CustomFacetVersion
from ikigai_core.local.store.runs import Run

FACET_TYPE = "CUSTOM_FACET"


class CustomFacetAccessLevel(StrEnum):
    """Access levels of a custom facet: use it in flows, read its script, change it, share and delete it."""

    RUN = "RUN"
    VIEW = "VIEW"
    EDIT = "EDIT"
    ADMIN = "ADMIN"

    def includes(self, other: CustomFacetAccessLevel) -> bool:
        """Return whether this level includes another one."""
        ascending = list(CustomFacetAccessLevel)
        return ascending.index(self) >= ascending.index(other)


class _NotRunnableError(Exception):
    """A custom facet that cannot be run. The message is for the flow's author."""


def custom_facets_of(run: Run, store: Store) -> dict[str, dict[str, Any]]:
    """Return the custom facets of a run by facet id, in the form that a worker needs.

    Each entry has `script`, `libraries` and `arguments` (with types and defaults), or only `problem`: the reason why
    the facet cannot be run.
    """
    found = {}
    for facet in run.definition.get("facets", []):
        info = (facet_specs_by_uid().get(facet["facet_uid"]) or {}).get("facet_info") or {}
        if info.get("facet_type") == FACET_TYPE:
            try:
                found[facet["facet_id"]] = _script(_meant(run, facet), info["chain_group"], run.user, store)
            except _NotRunnableError as problem:
                found[facet["facet_id"]] = {"problem": str(problem)}
    return found


def _meant(run: Run, facet: Mapping[str, Any]) -> dict[str, Any]:
    """Return a facet's arguments, after the run's variables have replaced some."""
    arguments = dict(facet.get("arguments") or {})
    for variable, target in (run.definition.get("variables") or {}).items():
        if variable in run.variables and facet.get("name") and target.get("facet_name") == facet["name"]:
            arguments[target["name"]] = run.variables[variable]
    return arguments


def _script(arguments: Mapping[str, Any], chain_group: str, user: str, store: Store) -> dict[str, Any]:
    custom_facet_id = str(arguments.get("custom_facet_id") or "")
    custom_facet = store.custom_facets.find(custom_facet_id)
    if custom_facet is None or store.custom_facet_grants.level(custom_facet_id, user) is None:
        raise _NotRunnableError(f"there is no custom facet '{custom_facet_id}' that {user} may run")
    if custom_facet.chain_group != chain_group:
        raise _NotRunnableError(
            f"custom facet '{custom_facet.name}' is of chain group {custom_facet.chain_group}, "
            f"but the flow needs one of {chain_group} here"
        )
    content = _version(custom_facet, str(arguments.get("version_id") or ""), store)
    return {
        "script": content.python_script,
        "libraries": [line.strip() for line in content.libraries if line.strip() and not line.strip().startswith("#")],
        "arguments": content.arguments,
    }


def _version(custom_facet: CustomFacet, version_id: str, store: Store) -> CustomFacet | CustomFacetVersion:
    """Return the requested version. Without an id: the newest version, or the draft if there is none."""
    versions = store.custom_facet_versions.all(custom_facet_id=custom_facet.custom_facet_id)
    if not version_id:
        return versions[-1] if versions else custom_facet
    for version in versions:
        if version.version_id == version_id:
            return version
    raise _NotRunnableError(f"custom facet '{custom_facet.name}' has no version with the id '{version_id}'")
