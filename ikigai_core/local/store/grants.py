"""Access of users to components."""

from __future__ import annotations

from dataclasses import dataclass

from ikigai_core.local.problems import not_found
from ikigai_core.local.store.database import Database
from ikigai_core.local.store.ids import new_id
from ikigai_core.local.store.table import Table


@dataclass(frozen=True)
class Grant:
    """Access of one user to one component. Email addresses are stored in lowercase because their case is ignored."""

    grant_id: str
    component_id: str
    email: str
    access_level: str


class Grants:
    """Access of users to the components of one kind.

    Parameters
    ----------
    database : Database
        Keeps the grants.
    table : str
        Name of their table.
    noun : str
        Name of one component in messages.
    """

    def __init__(self, database: Database, table: str, noun: str) -> None:
        self._database = database
        self._table: Table[Grant] = Table(database, table, Grant, index=("component_id", "email"))
        self._noun = noun

    def of(self, component_id: str) -> list[Grant]:
        """Return a component's grants, oldest first."""
        return self._table.find(component_id=component_id)

    def level(self, component_id: str, email: str) -> str | None:
        """Return a user's access level for a component; None means no access."""
        found = self._table.find(component_id=component_id, email=email.casefold())
        return found[0].access_level if found else None

    def levels(self, email: str) -> dict[str, str]:
        """Return a user's access levels by component id."""
        return {grant.component_id: grant.access_level for grant in self._table.find(email=email.casefold())}

    def set(self, component_id: str, email: str, access_level: str) -> None:
        """Grant access to a user, or change its level."""
        with self._database.transaction():
            self._table.delete(component_id=component_id, email=email.casefold())
            self._table.insert(Grant(new_id(), component_id, email.casefold(), access_level))

    def change(self, component_id: str, email: str, access_level: str) -> None:
        """Change the level of an existing grant."""
        self._table.update(self._given(component_id, email).grant_id, access_level=access_level)

    def revoke(self, component_id: str, email: str) -> None:
        """Revoke a user's access."""
        self._table.delete(grant_id=self._given(component_id, email).grant_id)

    def remove(self, component_id: str) -> None:
        """Delete all grants of a component."""
        self._table.delete(component_id=component_id)

    def _given(self, component_id: str, email: str) -> Grant:
        found = self._table.find(component_id=component_id, email=email.casefold())
        if not found:
            raise not_found(f"A user of this {self._noun}", email)
        return found[0]
