"""Compare definitions by their meaning: ids and the order of facets do not matter."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from ikigai_core.definition.shape import ordered, parents

if TYPE_CHECKING:
    from ikigai_core.definition.definition import Facet, FlowDefinition


def same_meaning(first: FlowDefinition, second: FlowDefinition) -> bool:
    """True if two definitions are equivalent.

    Facets are compared together with all facets before them, and with the arguments and the order of arrows.
    """
    return (
        first.variables == second.variables
        and first.model_variables == second.model_variables
        and Counter(_digests(first).values()) == Counter(_digests(second).values())
    )


def _digests(definition: FlowDefinition) -> dict[str, str]:
    """A digest of each facet and all facets before it, by facet id."""
    into = parents(definition)
    digests: dict[str, str] = {}
    for facet in ordered(definition):
        upstream = [(digests[arrow.source], arrow.arguments) for arrow in into[facet.facet_id]]
        content = json.dumps([facet.facet_uid, facet.name, facet.arguments, upstream], sort_keys=True, default=str)
        digests[facet.facet_id] = sha256(content.encode()).hexdigest()
    return digests


def differences(before: FlowDefinition, after: FlowDefinition) -> list[str]:
    """Describe the changes from one definition to another; empty if both are equivalent."""
    if same_meaning(before, after):
        return []
    old, new = _by_name(before), _by_name(after)
    found = [f"facet {name!r} is gone" for name in old if name not in new]
    found += [f"facet {name!r} is new" for name in new if name not in old]
    for name in old.keys() & new.keys():
        found += [f"facet {name!r}: {change}" for change in _facet_changes(old[name], new[name])]
    found += _arrow_changes(before, after)
    found += _map_changes("variable", _variables(before), _variables(after))
    return sorted(found) or ["the order of facets or arrows"]


def _by_name(definition: FlowDefinition) -> dict[str, Facet]:
    """The facets by their names for messages. A facet without a name gets its type and a number."""
    return dict(zip(_names(definition).values(), definition.facets, strict=True))


def _names(definition: FlowDefinition) -> dict[str, str]:
    """The name of each facet for messages, by its id."""
    counts: Counter[str] = Counter()
    names: dict[str, str] = {}
    for facet in definition.facets:
        label = facet.name or facet.facet_uid
        counts[label] += 1
        names[facet.facet_id] = label if facet.name and counts[label] == 1 else f"{label} #{counts[label]}"
    return names


def _facet_changes(old: Facet, new: Facet) -> Iterator[str]:
    if old.facet_uid != new.facet_uid:
        yield f"type {old.facet_uid} → {new.facet_uid}"
    yield from _map_changes("argument", old.arguments, new.arguments)


def _map_changes(word: str, old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    changes = [f"{word} {key!r} is gone" for key in old if key not in new]
    changes += [f"{word} {key!r} is new: {new[key]!r}" for key in new if key not in old]
    changes += [
        f"{word} {key!r}: {old[key]!r} → {new[key]!r}" for key in old.keys() & new.keys() if old[key] != new[key]
    ]
    return changes


def _arrow_changes(before: FlowDefinition, after: FlowDefinition) -> list[str]:
    old, new = _arrows(before), _arrows(after)
    return [f"arrow {arrow} is gone" for arrow in (old - new)] + [f"arrow {arrow} is new" for arrow in (new - old)]


def _arrows(definition: FlowDefinition) -> Counter[str]:
    names = _names(definition)
    return Counter(
        f"{names[arrow.source]} → {names[arrow.destination]}{f' {arrow.arguments}' if arrow.arguments else ''}"
        for arrow in definition.arrows
    )


def _variables(definition: FlowDefinition) -> dict[str, Any]:
    return {name: f"{variable.facet_name}.{variable.argument_name}" for name, variable in definition.variables.items()}
