"""The common base of all builders of components."""

from __future__ import annotations


class Builder:
    """A component before its creation."""

    _name: str

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._name!r}>"
