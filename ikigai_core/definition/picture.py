"""Draw a definition as Mermaid text, which GitHub, notebooks and the orchestrators' web pages display."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ikigai_core.definition.definition import Facet, FlowDefinition


_SHAPES = {"I": ('[/"', '"/]'), "O": ('[\\"', '"\\]')}


def mermaid(definition: FlowDefinition, titles: Mapping[str, str] | None = None) -> str:
    """Draw a definition from left to right: inputs and outputs as slanted shapes, other facets as boxes.

    Parameters
    ----------
    titles : mapping of str to str, optional
        Names of facet types, by uid. Default: the uids.
    """
    nodes = {facet.facet_id: f"f{index}" for index, facet in enumerate(definition.facets)}
    lines = ["flowchart LR"]
    for facet in definition.facets:
        opening, closing = _SHAPES.get(facet.facet_uid[:1], ('["', '"]'))
        lines.append(f"    {nodes[facet.facet_id]}{opening}{_label(facet, titles or {})}{closing}")
    for arrow in definition.arrows:
        roles = ", ".join(str(value) for value in arrow.arguments.values())
        role = f'|"{_escaped(roles)}"|' if roles else ""
        lines.append(f"    {nodes[arrow.source]} -->{role} {nodes[arrow.destination]}")
    return "\n".join(lines)


def _label(facet: Facet, titles: Mapping[str, str]) -> str:
    kind = _escaped(titles.get(facet.facet_uid, facet.facet_uid))
    what = facet.name or str(facet.arguments.get("dataset_name", ""))
    return f"{kind}<br/>{_escaped(what)}" if what else kind


def _escaped(text: str) -> str:
    return text.replace("&", "#amp;").replace('"', "#quot;").replace("<", "#lt;").replace(">", "#gt;")
