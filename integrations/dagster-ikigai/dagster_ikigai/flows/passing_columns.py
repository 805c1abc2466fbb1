"""Which facets pass columns on, as they are or under other names.

A script can do anything, so nothing is known of the columns behind it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

_RENAMING = "mid.renamecolumns"
_PASSING = {
    "input.imported",
    "mid.copy",
    "mid.deduplicate",
    "mid.dropcolumns",
    "mid.dropmissingvalues",
    "mid.filter",
    "mid.filterbytime",
    "mid.sample",
    "mid.select",
    "mid.sort",
    "output.exported",
}
_DECIDING = {"columns", "column_names", "header", "script"}
"""The arguments with which a facet changes names or values of columns."""


def renamed_columns(
    facet_type: str, arguments: Mapping[str, Any], variable: Iterable[str] = ()
) -> dict[str, str] | None:
    """Old names by new names, for the columns that a facet renames; None if it may create columns.

    Parameters
    ----------
    facet_type : str
        Such as ``MID.Count``, in any of the ways to write it.
    arguments : mapping
    variable : iterable of str
        The arguments that a run may set to something else.
    """
    plain = facet_type.lower().replace(" ", "").replace("_", "").replace("-", "")
    if not _DECIDING.isdisjoint(variable):
        return None
    if plain == _RENAMING:
        return _renamings(arguments.get("columns"))
    is_as_it_is = not arguments.get("script") and not arguments.get("column_names") and arguments.get("header", True)
    return {} if plain in _PASSING and is_as_it_is else None


def _renamings(columns: Any) -> dict[str, str] | None:
    try:
        # This argument is not documented, so it may have another form on another platform.
        return {str(column["new_name"]): str(column["old_name"]) for column in columns}
    except (KeyError, TypeError):
        return None
