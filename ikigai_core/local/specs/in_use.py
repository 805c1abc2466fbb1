"""The specs that this process uses: the local platform's own, or those of an account, from a file."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

from ikigai_core.local.specs.documents import read_document
from ikigai_core.local.specs.facet_specs import FacetSpec, FacetSpecs, own_facet_specs
from ikigai_core.local.specs.model_specs import ModelSpec, own_model_specs

CHAIN_GROUPS = ("INPUT", "MID", "OUTPUT")
_ARGUMENTS = ("facet_arguments", "in_arrow_arguments", "out_arrow_arguments")
_REQUIREMENT = {"min_parent_count": 0, "max_parent_count": 9999, "min_child_count": 0, "max_child_count": 9999}
_ARGUMENT: dict[str, Any] = {
    "argument_type": "TEXT",
    "default_value": None,
    "options": [],
    "children": {},
    "is_list": False,
    "is_required": False,
}

_file: Path | None = None


def use_specs(path: Path | None) -> None:
    """Use the specs in a file from now on, or the local platform's own specs if `path` is None.

    Raises
    ------
    ValueError
        The file does not contain specs. The message names the file and the fault.
    OSError
        The file cannot be read.
    """
    global _file
    _file = path
    for kept in (_served, load_facet_specs, facet_specs_by_uid, load_model_specs):
        kept.cache_clear()
    if path is not None:
        facet_specs_by_uid()


def merged_specs(more: Mapping[str, Any]) -> dict[str, Any]:
    """Return the specs in use with additional types, which replace those with the same names."""
    chains = {name: {key: dict(group) for key, group in chain.items()} for name, chain in load_facet_specs().items()}
    for chain_group, groups in (more.get("facet_specs") or {}).items():
        chain = chains.setdefault(chain_group, {})
        for name, facet_types in groups.items():
            for group in chain.values():
                for facet_type in facet_types:
                    group.pop(facet_type, None)
            chain.setdefault(name, {}).update(facet_types)
    return {"facet_specs": chains, "model_specs": {**load_model_specs(), **(more.get("model_specs") or {})}}


def specs_file() -> Path | None:
    """Return the file with the specs in use; None if they are the local platform's own."""
    return _file


@cache
def _served() -> Mapping[str, Any] | None:
    if _file is None:
        return None
    content = json.loads(_file.read_text("utf-8")) if _file.suffix == ".json" else read_document(_file)
    _check(_file, content)
    return dict(content)


@cache
def load_facet_specs() -> FacetSpecs:
    """Return the facet specs in wire format: chain group, facet group, facet type. Treat the result as read-only."""
    served = _served()
    return own_facet_specs() if served is None else served["facet_specs"]


@cache
def load_model_specs() -> dict[str, ModelSpec]:
    """Return the model specs in wire format, by the name of the model type. Treat the result as read-only."""
    served = _served()
    return own_model_specs() if served is None else served["model_specs"]


@cache
def facet_specs_by_uid() -> dict[str, FacetSpec]:
    """Return the facet specs by facet uid, with all fields that the engine reads."""
    complete = _file is None
    return {
        spec["facet_info"]["facet_uid"]: spec if complete else _completed(chain_group, facet_type, spec)
        for chain_group, chain in load_facet_specs().items()
        for group in chain.values()
        for facet_type, spec in group.items()
    }


def _completed(chain_group: str, facet_type: str, spec: FacetSpec) -> FacetSpec:
    info = {"chain_group": chain_group, "facet_type": facet_type, **spec["facet_info"]}
    requirement = spec.get("facet_requirement") or spec.get("facet_requirements") or {}
    arguments = {key: [_argument(entry) for entry in spec.get(key) or []] for key in _ARGUMENTS}
    return {**spec, "facet_info": info, "facet_requirement": {**_REQUIREMENT, **requirement}, **arguments}


def _argument(entry: Mapping[str, Any]) -> dict[str, Any]:
    children = {name: _argument({"name": name, **child}) for name, child in (entry.get("children") or {}).items()}
    return {**_ARGUMENT, **entry, "children": children}


def _check(path: Path, content: Any) -> None:
    """Check the structure of a file of specs. Its content is not checked."""
    if not isinstance(content, Mapping):
        raise ValueError(f"{path} has no specs: `ikigai specs pull` writes such a file")
    for kind in ("facet_specs", "model_specs"):
        if not isinstance(content.get(kind), Mapping):
            raise ValueError(f"{path} has no {kind}: `ikigai specs pull` writes such a file")
    for chain_group, chain in content["facet_specs"].items():
        if chain_group not in CHAIN_GROUPS:
            raise ValueError(f"{path}: facet_specs has the chain group {chain_group!r}; it can be INPUT, MID or OUTPUT")
        for group_name, group in _mappings(path, chain_group, chain):
            for facet_type, spec in _mappings(path, f"{chain_group}.{group_name}", group):
                _check_facet(path, f"{chain_group}.{facet_type}", spec)


def _check_facet(path: Path, name: str, spec: Mapping[str, Any]) -> None:
    info = spec.get("facet_info")
    if not isinstance(info, Mapping) or not info.get("facet_uid"):
        raise ValueError(f"{path}: the spec of {name} has no facet_info.facet_uid")
    for key in _ARGUMENTS:
        entries = spec.get(key) or []
        if not isinstance(entries, list) or not all(
            isinstance(entry, Mapping) and "name" in entry for entry in entries
        ):
            raise ValueError(f"{path}: {key} of {name} has to be a list of arguments with names")


def _mappings(path: Path, where: str, content: Any) -> list[tuple[str, Mapping[str, Any]]]:
    if not isinstance(content, Mapping) or not all(isinstance(entry, Mapping) for entry in content.values()):
        raise ValueError(f"{path}: {where} in facet_specs has to contain mappings")
    return list(content.items())
