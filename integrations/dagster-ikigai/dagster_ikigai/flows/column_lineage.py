"""Which column of which dataset a flow's output is made from, where the definition alone tells it.

That is so as long as an output has one source, and the facets between leave columns as they are, drop or rename them. A
script can do anything, so there is no lineage behind it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from dagster_ikigai.flows.runnable import RunnableFlow
    from ikigai_core import DefinitionDocument

_PASSING = {
    "INPUT.Imported",
    "MID.Copy",
    "MID.Deduplicate",
    "MID.Drop_Columns",
    "MID.Drop_Missing_Values",
    "MID.Filter",
    "MID.Rename_Columns",
    "MID.Sample",
    "MID.Select",
    "MID.Sort",
    "OUTPUT.Exported",
}


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


def column_source(flow: RunnableFlow, facet: str) -> ColumnSource | None:
    """The source of the columns that an Exported facet writes; None if the definition does not tell it."""
    from ikigai_core import DefinitionDocument

    document = getattr(flow, "definition", None)
    return _source(document, facet) if isinstance(document, DefinitionDocument) else None


def _source(document: DefinitionDocument, facet: str) -> ColumnSource | None:
    content = document.facets.get(facet)
    if content is None:
        return None
    if _plain(content.type) not in _PLAIN:
        return None
    if content.dataset is not None and not content.after:
        return ColumnSource(content.dataset, {})
    if len(content.after) != 1 or "columns" in content.variables.values():
        return None
    found = _source(document, content.after[0][0])
    renamings = content.arguments.get("columns") if "rename" in _plain(content.type) else None
    if found is None or not renamings:
        return found
    renamed = {item["new_name"]: item["old_name"] for item in renamings}
    kept = {new: old for new, old in found.old_names.items() if new not in renamed.values()}
    return ColumnSource(found.dataset, kept | {new: found.old_names.get(old, old) for new, old in renamed.items()})


def _plain(facet_type: str) -> str:
    return facet_type.lower().replace(" ", "").replace("_", "").replace("-", "")


_PLAIN = {_plain(name) for name in _PASSING}
