"""Access levels of apps."""

from __future__ import annotations

from enum import StrEnum


class AccessLevel(StrEnum):
    """Access levels of an app: view its content, change it, share and delete it."""

    VIEWER = "VIEWER"
    BUILDER = "BUILDER"
    OWNER = "OWNER"

    def includes(self, other: AccessLevel) -> bool:
        """Return whether this level includes another one."""
        ascending = list(AccessLevel)
        return ascending.index(self) >= ascending.index(other)
