"""What an `.ensure()` has to change."""

from __future__ import annotations

from typing import Any

from ikigai_core.api.answers import Record
from ikigai_core.components.directory import Directory, place


def differences(current: Record, directory: Directory | None, **wanted: Any) -> dict[str, Any]:
    """What was asked for and is not so yet, as the arguments of an edit; None asks for nothing.

    Parameters
    ----------
    current : dict
        The component as the platform has it.
    directory : Directory, optional
        Where it is to be.
    **wanted
        Values by the platform's names.
    """
    differing = {name: value for name, value in wanted.items() if value is not None and current.get(name) != value}
    if directory is not None and current["directory"].get("directory_id") != directory.directory_id:
        differing["directory"] = place(directory)
    return differing
