"""What the builders of all kinds of component have in common."""

from __future__ import annotations


class Builder:
    """Something that is about to be created."""

    _name: str

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._name!r}>"
