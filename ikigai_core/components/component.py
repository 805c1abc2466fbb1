"""The common base of all components: records that are bound to the client that fetched them."""

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
        """Read the platform's data, and bind the component to a client."""
        self = cls.read(data)
        self._client = client
        self._changes = changes
        return self

    @classmethod
    def from_dict(cls, data: Mapping[str, Any], client: Any) -> Self:
        """Restore a component from the output of `to_dict`, or from the platform's data. Sends nothing.

        Raises
        ------
        UnexpectedAnswerError
            The message names the fields that are missing or malformed.
        """
        return cls.bind(data, client)

    @property
    def changes(self) -> tuple[str, ...]:
        """The effect of `.build()` or `.ensure()`: ``("created",)``, names of changed fields, or ``()`` for none."""
        return self._changes

    def _page(self, app_id: str, kind: Kind = "apps", id: str | None = None) -> str | None:
        pages: WebPages | None = getattr(self._client, "pages", None)
        return None if pages is None else pages.page(app_id, kind, id)

    def __eq__(self, other: object) -> bool:
        # Compares the platform's data only. The client and the `changes` do not count.
        return type(other) is type(self) and other.__dict__ == self.__dict__

    def to_dict(self) -> dict[str, Any]:
        """The component's data as plain values. `from_dict` restores the component from them."""
        return self.model_dump()
