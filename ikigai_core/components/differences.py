"""The changes that `.ensure()` has to make."""

from __future__ import annotations

from typing import Any

from ikigai_core.api.answers import Record
from ikigai_core.components.directory import Directory, place


def differences(current: Record, directory: Directory | None, **wanted: Any) -> dict[str, Any]:
    """The requested values that differ from the current ones, as arguments of an edit. None requests nothing.

    Parameters
    ----------
    current : dict
        The component's current record on the platform.
    directory : Directory, optional
        The requested directory.
    **wanted
        Requested values, with the platform's names.
    """
    differing = {name: value for name, value in wanted.items() if value is not None and current.get(name) != value}
    place_now = current.get("directory") or {}
    if directory is not None and (
        not isinstance(place_now, dict) or place_now.get("directory_id") != directory.directory_id
    ):
        differing["directory"] = place(directory)
    return differing
