"""What apps, datasets, flows, models and directories have in common: an id, a name, a place."""

from __future__ import annotations

import dataclasses
from typing import TYPE_CHECKING, Any, Generic, Protocol, TypeVar

from ikigai_core.local.problems import not_found
from ikigai_core.local.store import timestamps
from ikigai_core.local.store.database import Database
from ikigai_core.local.store.table import Record, Table


class Component(Record, Protocol):
    """A record with a name."""

    @property
    def name(self) -> str:
        """What its users call it."""
        ...


if TYPE_CHECKING:
    C = TypeVar("C", bound=Component)
else:
    C = TypeVar("C")


class Components(Generic[C]):
    """The components of one kind. Names need not be unique.

    Parameters
    ----------
    database : Database
        Where they are kept.
    table : str
        Their table's name.
    record : type
        Their dataclass; its first field is the id.
    noun : str
        What messages call one of them.
    index : tuple of str
        Columns that are searched by.
    """

    def __init__(self, database: Database, table: str, record: type[C], noun: str, *, index: tuple[str, ...]) -> None:
        self._table: Table[C] = Table(database, table, record, index=index)
        self._noun = noun
        self._key = dataclasses.fields(record)[0].name

    def add(self, component: C) -> C:
        """Add a component."""
        return self._table.insert(component)

    def find(self, component_id: str, **equal: Any) -> C | None:
        """Return the component with this id if there is one and its columns equal what is given."""
        equal[self._key] = component_id
        found = self._table.find(**equal)
        return found[0] if found else None

    def get(self, component_id: str, **equal: Any) -> C:
        """Return the component with this id; a 404 if there is none or its columns differ from what is given."""
        found = self.find(component_id, **equal)
        if found is None:
            raise not_found(self._noun, component_id)
        return found

    def named(self, name: str, **equal: Any) -> C:
        """Return the oldest component of this name; a 404 if there is none."""
        found = self._table.find(name=name, limit=1, **equal)
        if not found:
            raise not_found(self._noun, name)
        return found[0]

    def had_any(self) -> bool:
        """Say whether there ever was a component of this kind, even if it is deleted by now."""
        return self._table.had_any()

    def all(self, **equal: Any) -> list[C]:
        """Return the components whose columns equal what is given, oldest first."""
        return self._table.find(**equal)

    def search(self, query: str, **equal: Any) -> list[C]:
        """Return the components whose name has `query` in it, in any case."""
        wanted = query.casefold()
        return [component for component in self._table.find(**equal) if wanted in component.name.casefold()]

    def edit(self, component_id: str, **changes: Any) -> None:
        """Change a component, and stamp it as modified."""
        if changes:
            self._table.update(component_id, modified_at=timestamps.now(), **changes)

    def touch(self, component_id: str, **changes: Any) -> None:
        """Change a component without stamping it as modified."""
        self._table.update(component_id, **changes)

    def remove(self, **equal: Any) -> None:
        """Delete the components whose columns equal what is given."""
        self._table.delete(**equal)
