"""Who may use what, and how."""

from __future__ import annotations

from dataclasses import dataclass

from ikigai_core.local.problems import not_found
from ikigai_core.local.store.database import Database
from ikigai_core.local.store.ids import new_id
from ikigai_core.local.store.table import Table


@dataclass(frozen=True)
class Grant:
    """One user's access to one component. Emails are kept without upper case: users are told apart without it."""

    grant_id: str
    component_id: str
    email: str
    access_level: str


class Grants:
    """Who may use the components of one kind.

    Parameters
    ----------
    database : Database
        Where they are kept.
    table : str
        Their table's name.
    noun : str
        What messages call one of the components.
    """

    def __init__(self, database: Database, table: str, noun: str) -> None:
        self._database = database
        self._table: Table[Grant] = Table(database, table, Grant, index=("component_id", "email"))
        self._noun = noun

    def of(self, component_id: str) -> list[Grant]:
        """Return a component's grants, oldest first."""
        return self._table.find(component_id=component_id)

    def level(self, component_id: str, email: str) -> str | None:
        """Return what a user may do with a component; None is nothing."""
        found = self._table.find(component_id=component_id, email=email.casefold())
        return found[0].access_level if found else None

    def levels(self, email: str) -> dict[str, str]:
        """Return what a user may do, by the ids of the components."""
        return {grant.component_id: grant.access_level for grant in self._table.find(email=email.casefold())}

    def set(self, component_id: str, email: str, access_level: str) -> None:
        """Give a user access, or change the level of it."""
        with self._database.transaction():
            self._table.delete(component_id=component_id, email=email.casefold())
            self._table.insert(Grant(new_id(), component_id, email.casefold(), access_level))

    def change(self, component_id: str, email: str, access_level: str) -> None:
        """Change the level of an access that was given before."""
        self._table.update(self._given(component_id, email).grant_id, access_level=access_level)

    def revoke(self, component_id: str, email: str) -> None:
        """Take a user's access away."""
        self._table.delete(grant_id=self._given(component_id, email).grant_id)

    def remove(self, component_id: str) -> None:
        """Forget all grants of a component."""
        self._table.delete(component_id=component_id)

    def _given(self, component_id: str, email: str) -> Grant:
        found = self._table.find(component_id=component_id, email=email.casefold())
        if not found:
            raise not_found(f"A user of this {self._noun}", email)
        return found[0]
