"""What all components share: they are records that are bound to the client that fetched them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from pydantic import PrivateAttr

from ikigai_core.records import Record
from ikigai_core.web_urls import Kind, WebPages


class Component(Record):
    """A record bound to a client. Every kind of component has a name."""

    if TYPE_CHECKING:
        name: str

    _client: Any = PrivateAttr(default=None)
    _changes: tuple[str, ...] = PrivateAttr(default=())

    @classmethod
    def bind(cls, data: Mapping[str, Any], client: Any, changes: tuple[str, ...] = ()) -> Self:
        """Read the platform's data and bind the component to a client."""
        self = cls.read(data)
        self._client = client
        self._changes = changes
        return self

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], client: Any) -> Self:
        """The component that `to_dict`, or the platform, described; ``client`` is whose it becomes. Sends nothing.

        Raises
        ------
        UnexpectedAnswerError
            Naming the fields that are missing or malformed.
        """
        return cls.bind(data, client)

    @property
    def changes(self) -> tuple[str, ...]:
        """What `.build()` or `.ensure()` did: ``("created",)``, names of what it changed, or ``()`` for nothing."""
        return self._changes

    def _page(self, app_id: str, kind: Kind = "apps", id: str | None = None) -> str | None:
        pages: WebPages | None = getattr(self._client, "pages", None)
        return None if pages is None else pages.page(app_id, kind, id)

    def __eq__(self, other: object) -> bool:
        # What the platform says of them, whichever client fetched it and whatever was done to get there.
        return type(other) is type(self) and other.__dict__ == self.__dict__

    def to_dict(self) -> dict[str, Any]:
        """The component's data as plain values, from which `from_dict` makes it again."""
        return self.model_dump()
