"""The columns that a flow's output is made from, if the definition alone shows them.

That is so as long as an output has one source, and the facets between leave columns as they are, drop or rename them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dagster_ikigai.flows.facets import Facets


class ColumnSource(NamedTuple):
    """The dataset that an output's columns come from.

    Attributes
    ----------
    dataset : str
    old_names : mapping of str to str
        Names in that dataset of the columns that have another name in the output.
    """

    dataset: str
    old_names: Mapping[str, str]


def column_source(facets: Facets, facet: str) -> ColumnSource | None:
    """The source of the columns that an Exported facet writes; None if the definition does not show it."""
    node = facets.get(facet)
    if node is None or node.renamed is None:
        return None
    if node.reads is not None and not node.after:
        return ColumnSource(node.reads, {})
    found = column_source(facets, node.after[0]) if len(node.after) == 1 else None
    if found is None:
        return None
    kept = {new: old for new, old in found.old_names.items() if new not in node.renamed.values()}
    renamed = {new: found.old_names.get(old, old) for new, old in node.renamed.items()}
    return ColumnSource(found.dataset, kept | renamed)
