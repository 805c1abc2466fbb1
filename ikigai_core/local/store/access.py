"""What users may do with apps."""

from __future__ import annotations

from enum import StrEnum


class AccessLevel(StrEnum):
    """What a user may do with an app: look at what is in it, change it, share and delete it."""

    VIEWER = "VIEWER"
    BUILDER = "BUILDER"
    OWNER = "OWNER"

    def includes(self, other: AccessLevel) -> bool:
        """Say whether this level allows what another does."""
        ascending = list(AccessLevel)
        return ascending.index(self) >= ascending.index(other)
