"""What all components share: a record of the platform's data, bound to the client that fetched it."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING, Any, Self

from pydantic import BaseModel, ConfigDict, PrivateAttr, ValidationError

from ikigai_core.errors import UnexpectedAnswer
from ikigai_core.faces import edit, operation
from ikigai_core.own_names import OwnNames
from ikigai_core.validation import faults_of
from ikigai_core.web import Kind, WebPages


class Record(OwnNames, BaseModel):
    """Data of the platform. What is not known to this version is ignored."""

    model_config = ConfigDict(ignored_types=(operation, edit), populate_by_name=True, protected_namespaces=())

    @classmethod
    def read(cls, data: Mapping[str, Any]) -> Self:
        """Read the platform's data.

        Raises
        ------
        UnexpectedAnswer
            Naming the fields that are missing or malformed, without their values.
        """
        try:
            return cls.model_validate(data)
        except ValidationError as error:
            raise UnexpectedAnswer(
                f"The platform described a {cls.__name__} in an unknown form: {faults_of(error)}"
            ) from None

    def _repr_html_(self) -> str:
        """A table of the fields, for notebooks."""
        rows = "".join(
            f"<tr><th>{escape(name)}</th><td>{escape(str(value))}</td></tr>"
            for name, value in self.__repr_args__()
            if name
        )
        return f"<table><caption>{type(self).__name__}</caption>{rows}</table>"


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
        UnexpectedAnswer
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
