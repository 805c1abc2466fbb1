"""Common operations on apps, datasets, flows, models and directories: records with an id and a name."""

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
        """Name of the component for users."""
        ...


if TYPE_CHECKING:
    C = TypeVar("C", bound=Component)
else:
    C = TypeVar("C")


class Components(Generic[C]):
    """All components of one kind. Names need not be unique.

    Parameters
    ----------
    database : Database
        Keeps the components.
    table : str
        Name of their table.
    record : type
        Their dataclass. Its first field is the id.
    noun : str
        Name of one component in messages.
    index : tuple of str
        Indexed columns.
    """

    def __init__(self, database: Database, table: str, record: type[C], noun: str, *, index: tuple[str, ...]) -> None:
        self._table: Table[C] = Table(database, table, record, index=index)
        self._noun = noun
        self._key = dataclasses.fields(record)[0].name

    def add(self, component: C) -> C:
        """Add a component."""
        return self._table.insert(component)

    def find(self, component_id: str, **equal: Any) -> C | None:
        """Return the component with this id if its columns have the given values; None otherwise."""
        equal[self._key] = component_id
        found = self._table.find(**equal)
        return found[0] if found else None

    def get(self, component_id: str, **equal: Any) -> C:
        """Return the component with this id and these column values; 404 if there is none."""
        found = self.find(component_id, **equal)
        if found is None:
            raise not_found(self._noun, component_id)
        return found

    def named(self, name: str, **equal: Any) -> C:
        """Return the oldest component with this name; 404 if there is none."""
        found = self._table.find(name=name, limit=1, **equal)
        if not found:
            raise not_found(self._noun, name)
        return found[0]

    def had_any(self) -> bool:
        """Return whether a component of this kind ever existed."""
        return self._table.had_any()

    def all(self, **equal: Any) -> list[C]:
        """Return the components with these column values, oldest first."""
        return self._table.find(**equal)

    def part(self, limit: int, offset: int, **equal: Any) -> list[C]:
        """Return `limit` components with these column values from number `offset` on, oldest first."""
        return self._table.find(limit=limit, offset=offset, **equal)

    def search(self, query: str, **equal: Any) -> list[C]:
        """Return the components with `query` in their names, ignoring case."""
        wanted = query.casefold()
        return [component for component in self._table.find(**equal) if wanted in component.name.casefold()]

    def edit(self, component_id: str, **changes: Any) -> None:
        """Change a component and its modification time."""
        if changes:
            self._table.update(component_id, modified_at=timestamps.now(), **changes)

    def touch(self, component_id: str, **changes: Any) -> None:
        """Change a component, but not its modification time."""
        self._table.update(component_id, **changes)

    def remove(self, **equal: Any) -> None:
        """Delete the components with these column values."""
        self._table.delete(**equal)
