"""Directories, into which apps and the components of an app can be put."""

from __future__ import annotations

from typing import Any

from ikigai_core.components.component import Record
from ikigai_core.enums import DirectoryType


class Directory(Record):
    """A directory.

    Attributes
    ----------
    directory_id, name : str
    type : DirectoryType
        What it holds.
    """

    directory_id: str
    name: str
    type: DirectoryType

    def to_dict(self) -> dict[str, Any]:
        """The form in which a component refers to its directory."""
        return {"directory_id": self.directory_id, "type": self.type.value, "name": self.name}


def reference(directory: Directory | None) -> dict[str, Any] | None:
    """The form in which a component refers to its directory, where it has one."""
    return None if directory is None else directory.to_dict()
